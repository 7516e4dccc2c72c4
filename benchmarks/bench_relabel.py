"""The fraction of training time that label updates take, with and without a separate pass.

Measured: the demo's network trains on shards of small videos made here, in one process without
loader processes, so that all work is timed. A run with a single label update is compared with runs
at the paper's frequency (99 in 200 epochs) and the demo's (99 in 64), with features from a pass
(`labelling.source: pass`) or from the training steps (`epoch`). Each is repeated.

Computed, for the paper's sizes, N = 170,752 clips and ten heads of 309 clusters in two groups, from
measured seconds per clip: one step and one pass of R(2+1)D-18 and ResNet-9 on two clips of
30 x 112 x 112, and the label update of two heads on synthetic features. Decoding is not included.

    python benchmarks/bench_relabel.py [--repeats 2]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from selavi.batch import Batch
from selavi.config_file import read_section
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.sampling import Clips
from selavi.data.schema import read_index
from selavi.data.shards.writer import write_shard
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.data.sources.folder import Folder
from selavi.engine.process_group import Group
from selavi.engine.stop import StopRequest
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import draw_marginals
from selavi.labelling.relabel import relabel
from selavi.models.network import Network
from selavi.settings import (
    Config,
    LabellingSettings,
    MachineSettings,
    NetworkSettings,
    RunSettings,
    TrainingSettings,
)
from selavi.training.loop import Trainer
from selavi.training.optim import make_optimizer
from selavi.training.step import Learner

EPOCHS = 9
PAPER, DEMO = 99 / 200, 99 / 64  # label updates per epoch
REPOSITORY = Path(__file__).parent.parent
ROWS = 17_075  # a tenth of VGG-Sound


def main() -> None:
    """Measure and print the results; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=2, help="runs of each kind (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        shares = demo_shares(Path(folder), options.repeats)
    paper = paper_shares()
    result = {
        "benchmark": "relabel",
        "ratio": round(shares["demo rate, pass"] / shares["demo rate, epoch"], 2),
        "against": "labels from a pass (source: pass) at the demo's frequency; by fraction of time",
        "measured_share": {name: round(share, 3) for name, share in shares.items()},
        "computed_share_vgg_sound": {name: round(share, 3) for name, share in paper.items()},
    }
    print(json.dumps(result))


def demo_shares(folder: Path, repeats: int) -> dict[str, float]:
    """Measured fraction of labelling in the seconds per epoch, by schedule and source."""
    clips, settings = small_clips(folder)
    kinds = {"none": (0.0, "pass")} | {
        f"{name}, {source}": (rate, source)
        for name, rate in (("paper's rate", PAPER), ("demo rate", DEMO))
        for source in ("pass", "epoch")
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for repeat in range(repeats):
        for name, (rate, source) in kinds.items():
            output = folder / f"{name}-{repeat}"
            seconds[name].append(epoch_seconds(clips, settings, rate, source, output))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"demo network, {len(clips)} clips, {EPOCHS} epochs: measured")
    shares = {}
    for name, (rate, _) in kinds.items():
        shares[name] = 1 - medians["none"] / medians[name]
        print(
            f"{name:22} {rate:5.2f} label updates/epoch  {medians[name]:6.2f} s/epoch "
            f"({min(seconds[name]):.2f} to {max(seconds[name]):.2f})  labelling {shares[name]:6.1%}"
        )
    del shares["none"]
    return shares


def small_clips(folder: Path) -> tuple[Clips, RunSettings]:
    """Shards of 100 of the demo's videos, and the demo's settings."""
    config = read_section(REPOSITORY / "config/demo.yaml", Config)
    settings = config.runs["demo"]
    media = config.datasets[settings.dataset].media
    make_demo_dataset(folder / "videos", classes=10, train_per_class=10, test_per_class=1)
    write_manifest(Folder(folder / "videos/train"), 2, folder / "manifest.csv")
    tables = [folder / f"{n}.csv" for n in range(2)]
    for n, table in enumerate(tables):
        write_shard(folder / "manifest.csv", n, folder / f"{n}.tar", table, media, threads=2)
    write_index(tables, folder / "index.csv", folder / "rejected.csv", folder / "summary.csv")
    clips = Clips(read_index(folder / "index.csv"), folder, settings.video, settings.audio)
    return clips, settings


def epoch_seconds(
    clips: Clips, settings: RunSettings, rate: float, source: str, output: Path
) -> float:
    """Mean seconds of an epoch, without the first one, which has the first labels."""
    optimisations = max(1, 1 + round(rate * EPOCHS))
    labelling = settings.labelling.model_copy(
        # power 1: even over the run, since these few epochs stand for the whole schedule.
        update={"optimisations": optimisations, "power": 1.0, "source": source}
    )
    run_settings = settings.model_copy(
        update={
            "labelling": labelling,
            "training": settings.training.model_copy(update={"epochs": EPOCHS}),
            "machine": MachineSettings(workers=0, threads=1, checkpoint_minutes=60.0),
        }
    )
    group = Group(0, 1, torch.device("cpu"))
    ends: list[float] = []
    trainer = Trainer(
        clips,
        run_settings,
        output / "state",
        group,
        StopRequest(),
        lambda *_: ends.append(time.perf_counter()),
    )
    trainer.run()
    # The first epoch includes one-time work: batch-norm warm-up, first labels, feature stores.
    return (ends[-1] - ends[0]) / (EPOCHS - 1)


def paper_shares() -> dict[str, float]:
    """Computed fraction of labelling in an epoch at the paper's sizes, by source."""
    torch.manual_seed(0)
    settings = NetworkSettings()
    network = Network(settings, ["video", "audio"], channels=3)
    batch = Batch(torch.arange(2), torch.randn(2, 3, 30, 112, 112), torch.randn(2, 1, 257, 99))
    learner = Learner(network, Group(0, 1, torch.device("cpu")), compiled=False)
    optimizer = make_optimizer(network.parameters(), TrainingSettings())
    labels = torch.randint(0, settings.clusters, (2, settings.heads))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        network.train()
        learner.gradients(batch, labels, 1.0, last=True, bfloat16=True)
        optimizer.step()

    def encode() -> None:
        FeatureStore.from_pass(network, [batch], torch.device("cpu"), bfloat16=True)

    rates = {"step": seconds_of(step) / 2, "pass": seconds_of(encode) / 2}
    rates["head"] = head_seconds(network) / ROWS
    heads, groups = settings.heads, LabellingSettings().groups
    solve = heads * rates["head"]
    labelling = {
        "pass": PAPER * (groups * rates["pass"] + solve),
        "epoch": (groups - 1) * rates["pass"] + PAPER * solve,
    }
    print(
        "paper's networks, bfloat16, one thread: measured seconds per clip: step "
        f"{rates['step']:.3f}, pass {rates['pass']:.3f}, one head's labels {rates['head']:.2e}"
    )
    shares = {name: cost / (rates["step"] + cost) for name, cost in labelling.items()}
    for name, share in shares.items():
        print(f"paper's schedule, source {name:5}: labelling {share:6.1%} of an epoch (computed)")
    return shares


def head_seconds(network: Network) -> float:
    """Seconds of the label update of one head on ROWS clips, from stored features."""
    clusters = network.settings.clusters
    features = torch.randn(40, 512)[torch.randint(0, 40, (ROWS,))] + torch.randn(ROWS, 512)
    rows = {"audio": features, "video": features + torch.randn(ROWS, 512)}
    store = FeatureStore(torch.arange(ROWS), rows)
    generator = torch.Generator().manual_seed(0)
    marginals = torch.stack(
        [draw_marginals("gaussian", clusters, 0.1, generator) for _ in range(2)]
    )
    labels = torch.zeros(ROWS, 2, dtype=torch.int64)
    labelling = LabellingSettings(groups=1)

    def solve() -> None:
        relabel(network, lambda _: store, labels, marginals, labelling, generator, align=False)

    return seconds_of(solve) / 2


def seconds_of(work: Callable[[], None], rounds: int = 3) -> float:
    """Median seconds of some calls, after a warm-up call."""
    work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
