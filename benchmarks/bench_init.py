"""How much a run on few videos gains from the weights of another model (`network.init`).

The demo's network trains on five of the demo's ten classes (80 videos each). Then it trains on the
first videos of each of the other five classes, from random weights and from those of that model,
with the same settings and seeds. No class is in both parts, and neither is a digit. Scored: NMI of
the selected head on the 20 test videos of each of the new classes; the classes select nothing.

    python benchmarks/bench_init.py [--videos 8 20] [--seeds 3] [--folder FOLDER]
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from selavi.config_file import parse, read_section
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.sampling import open_clips
from selavi.data.schema import read_index
from selavi.data.shards.writer import write_shard
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.data.sources.folder import Folder
from selavi.evaluation.assign import predict
from selavi.evaluation.metrics import clustering_scores
from selavi.files import write_csv
from selavi.models.checkpoint import load_model
from selavi.settings import Config, RunSettings
from selavi.training.pretrain import pretrain

REPOSITORY = Path(__file__).parent.parent
KNOWN = 5
"""Classes of the first model; the others are new."""


def main() -> None:
    """Measure and print the scores; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[8, 20], help="per new class")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each kind (default: 3)")
    parser.add_argument("--folder", type=Path, help="keep videos and runs here, to continue")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scores = measure(options.folder or Path(temporary), options.videos, options.seeds)
    means = {kind: round(statistics.mean(values), 3) for kind, values in scores.items()}
    print(json.dumps({"benchmark": "init", "nmi": scores, "mean": means}))


def measure(folder: Path, videos: list[int], seeds: int) -> dict[str, list[float]]:
    """NMI of each run on the test videos of the new classes, by kind of run."""
    make_demo_dataset(folder / "videos")
    parts = {split: shards(folder, split) for split in ("train", "test")}
    classes = sorted(set(read_index(parts["train"])["label"]))
    known, new = classes[:KNOWN], classes[KNOWN:]
    first = train(folder / "first", some(parts["train"], "known", known), 0, None)
    test = some(parts["test"], "new", new)
    scores: dict[str, list[float]] = {}
    for count in videos:
        index = some(parts["train"], f"new{count}", new, count)
        for init in (None, first):
            kind = f"{count} videos per class, {'initialised' if init else 'random'}"
            for seed in range(seeds):
                model = train(folder / f"{count}-{seed}-{bool(init)}", index, seed, init)
                scores.setdefault(kind, []).append(nmi(model, test))
            print(kind, scores[kind], flush=True)
    return scores


def shards(folder: Path, split: str) -> Path:
    """Shards of a split of the videos; the index."""
    media = read_section(REPOSITORY / "config/demo.yaml", Config).datasets["demo"].media
    output = folder / split
    output.mkdir(exist_ok=True)
    if not (output / "index.csv").exists():
        write_manifest(Folder(folder / "videos" / split), 1, output / "manifest.csv")
        table = output / "0.csv"
        write_shard(output / "manifest.csv", 0, output / "0.tar", table, media, threads=2)
        write_index([table], *(output / f"{n}.csv" for n in ("index", "rejected", "summary")))
    return output / "index.csv"


def some(index: Path, name: str, classes: list[str], count: int | None = None) -> Path:
    """An index beside another: the first `count` clips of these classes."""
    table = read_index(index)
    table = table[table["label"].isin(classes)]
    table = table if count is None else table.groupby("label").head(count)
    path = index.with_name(f"{name}.csv")
    write_csv(path, table.reset_index(drop=True).assign(sample=range(len(table))))
    return path


def train(output: Path, index: Path, seed: int, init: Path | None) -> Path:
    """Train with the demo's settings; the model file."""
    demo = read_section(REPOSITORY / "config/demo.yaml", Config).runs["demo"].model_dump()
    network = demo["network"] | {"clusters": KNOWN, "init": str(init) if init else None}
    changes = {
        "seed": seed, "network": network, "training": demo["training"] | {"collapse": 1.0},
        "machine": {"workers": 0, "threads": 1, "precision": "float32"},
    }  # fmt: skip
    if not (output / "model.pt").exists():
        pretrain(index, parse(demo | changes, RunSettings, "benchmark"), output)
    return output / "model.pt"


def nmi(model: Path, index: Path) -> float:
    """NMI of the selected head."""
    network, settings, facts = load_model(model)
    clips = open_clips(index, settings)
    clusters = predict(network, clips)["video+audio"].clusters[:, facts["head"]]
    return round(clustering_scores(clips.index["label"].to_numpy(str), clusters).nmi, 3)


if __name__ == "__main__":
    main()
