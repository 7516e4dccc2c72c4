"""Bitwise reproducibility of training, repeated and resumed, and the cost of deterministic mode."""

import os
from itertools import pairwise

import torch
from torch import Tensor, nn

from bench_loader import repeated
from gpu_parts.loading import shard_set
from gpu_parts.steps import BASE, fastest_before
from gpu_parts.variants import build, measure, set_modes
from gpu_parts.work import SMALL_NETWORK, Row, Work, forget
from selavi.engine.process_group import Group
from selavi.engine.stop import Stopped, StopRequest
from selavi.settings import LabellingSettings, MachineSettings, RunSettings, TrainingSettings
from selavi.training.loop import Trainer

STEPS = 4
MODES = (BASE, f"{BASE}, deterministic")


def run(work: Work) -> None:
    """Test torch's defaults, then its deterministic algorithms."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the first use of cuBLAS
    for variant in MODES:
        work.tell({"variant": variant, "paper_network_made_twice_same": twice(work, variant)})
        if not work.small or variant is MODES[-1]:
            work.tell({"variant": variant} | resumed(work, variant))
    _, rates, flops = fastest_before(work)
    for variant in MODES:
        work.tell(measure(work, variant, work.batch, flops, rates))


def weights(network: nn.Module) -> Tensor:
    """The whole state dict in one vector."""
    values = [value.detach().flatten().double().cpu() for value in network.state_dict().values()]
    return torch.cat(values)


def twice(work: Work, variant: str) -> bool:
    """Whether two runs of some steps of the paper's network give the same bits."""
    ends = []
    for _ in range(2):
        step = build(work, variant, work.batch)
        for _ in range(STEPS):
            step()
        ends.append(weights(step.network))
        del step
        forget(work.device)
    return torch.equal(*ends)


def resumed(work: Work, variant: str) -> Row:
    """Whether two trainings from shards, and a stopped and resumed one, give the same bits."""
    set_modes(variant.split(", "))
    runs = {
        name: weights(train(work, f"{variant}-{name}", name == "stopped"))
        for name in ("first", "second", "stopped")
    }
    same = [torch.equal(a, b) for a, b in pairwise(runs.values())]
    return {"made_twice_same": same[0], "resumed_same": torch.equal(runs["first"], runs["stopped"])}


def train(work: Work, name: str, stop_between: bool) -> nn.Module:
    """Train for two epochs; with `stop_between`, stop after the first and resume."""
    table = repeated(shard_set(work), 24)
    settings = RunSettings(
        dataset="videos", video=work.video, audio=work.audio,
        network=SMALL_NETWORK.model_copy(update={"dropout": 0.3}),
        labelling=LabellingSettings(optimisations=3, groups=2, power=1.0),
        training=TrainingSettings(
            epochs=2, batch_size=8, warmup_batches=2, warmup_epochs=0, base_lr=1e-3, collapse=1.0,
        ),
        machine=MachineSettings(precision="bfloat16", workers=0),
    )  # fmt: skip
    folder = work.folder / name.replace(", ", "-").replace(" ", "-") / "state"
    stop = StopRequest()

    def on_epoch(history: list[Row], labels: Tensor) -> None:
        stop.requested = stop_between and len(history) == 1

    def trainer() -> Trainer:
        return Trainer(table, settings, folder, Group(0, 1, work.device), stop, on_epoch)

    try:
        return trainer().run().network
    except Stopped:
        stop.requested = False
        return trainer().run().network
