"""The same labels, bit for bit, however many processes share the clips, and however unequally."""

from functools import cache
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.relabel import relabel
from selavi.labelling.sinkhorn import sinkhorn
from selavi.settings import LabellingSettings
from tests.labelling.problems import (
    features,
    gaussian_shares,
    posteriors,
    small_network,
    trained,
)
from tests.ports import free_port
from tests.training.runs import SERVER

CLIPS = 5003
CUTS = {  # where a rank's clips begin; some ranks have none, some nearly all
    1: [[0, CLIPS]],
    2: [[0, 2501, CLIPS], [0, 0, CLIPS]],
    3: [[0, 1667, 3335, CLIPS], [0, 7, 4999, CLIPS]],
    4: [[0, 1250, 2501, 3752, CLIPS], [0, 4096, 4096, 5001, CLIPS]],
}
PROBLEMS = {
    "flat": (lambda: posteriors(CLIPS, 20, 0.1), gaussian_shares(20)),
    "mid": (lambda: trained(CLIPS, 50, 5.0), gaussian_shares(50)),
    "late": (lambda: trained(CLIPS, 50, 8.0), gaussian_shares(50)),
    "float64": (lambda: trained(CLIPS, 20, 4.0).double(), gaussian_shares(20, 0.5)),
}


def solve(first: int, last: int) -> dict[str, Tensor]:
    """Labels, and the bits of alpha, of this rank's clips by every solver."""
    found = {}
    for name, (scores, shares) in PROBLEMS.items():
        for solver in ("auto", "dense"):
            output = sinkhorn(scores()[first:last], shares, 1e-4, solver=solver)
            found[f"{name} {solver} labels"] = output.labels
            found[f"{name} {solver} alpha"] = output.log_alpha
    found |= relabelled(first, last)
    return found


def relabelled(first: int, last: int) -> dict[str, Tensor]:
    """Labels of all clips, with the audio heads renumbered first."""
    network = small_network()
    everything = features(network, CLIPS)
    rows = {modality: part[first:last] for modality, part in everything.rows.items()}
    store = FeatureStore(everything.samples[first:last], rows)
    labels = torch.zeros(CLIPS, 4, dtype=torch.int64)
    sizes = torch.stack([gaussian_shares(12, seed=h).sort().values for h in range(4)])
    relabel(
        network, lambda group: store, labels, sizes, LabellingSettings(tolerance=1e-4),
        torch.Generator().manual_seed(0), align=True,
    )  # fmt: skip
    last_layer = network.heads["audio"][0][-1]
    return {"relabelled": labels, "renumbered": last_layer.bias.detach()}


@cache
def alone() -> dict[str, Tensor]:
    return solve(0, CLIPS)


def _worker(rank: int, world: int, port: int, out: str) -> None:
    torch.set_num_threads(1 + rank % 2)  # nor the number of threads
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world
    )
    found = [solve(cuts[rank], cuts[rank + 1]) for cuts in CUTS[world]]
    torch.save(found, f"{out}.{rank}")
    dist.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("world", [2, 3, 4])
def test_labels_do_not_depend_on_the_world(world: int, tmp_path: Path) -> None:
    expected = alone()
    arguments = (world, free_port(), f"{tmp_path}/found")
    mp.start_processes(_worker, arguments, nprocs=world, start_method=SERVER.get_start_method())
    ranks = [torch.load(f"{tmp_path}/found.{r}") for r in range(world)]
    for shares in range(len(CUTS[world])):
        for name, value in expected.items():
            parts = [rank[shares][name] for rank in ranks]
            if name.endswith("labels"):
                assert torch.equal(torch.cat(parts), value), name
            else:
                assert all(torch.equal(part, value) for part in parts), name


def test_the_problems_need_both_solvers() -> None:
    solvers = {
        name: sinkhorn(scores(), shares, 1e-4).solver for name, (scores, shares) in PROBLEMS.items()
    }
    assert solvers == {"flat": "dense", "mid": "truncated", "late": "truncated", "float64": "dense"}
