"""The recipe of feature runs beside k-means, spectral clustering and Ward, on the same features.

Settings are those of the preset `features`, fixed before; three seeds. K-means, spectral and Ward
have both preparations, and the better one by the classes counts, which the recipe may not do: it
takes the one with which k-means agrees best with itself. Then the time of the recipe's parts on
made-up features of `--clips` clips, and what they come to for `--target` clips, beside the matrix
products of the steps (the floor) and scikit-learn's k-means.

    python benchmarks/bench_features.py [--folder FOLDER] [--clips N] [--threads T]
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.clustering.fitted import prepare as prepare_features
from selavi.clustering.methods import cluster
from selavi.data.sampling import open_clips
from selavi.data.sources.clip_table import ClipTable
from selavi.engine.process_group import process_group
from selavi.engine.stop import stop_on_signals
from selavi.evaluation.assign import assign
from selavi.models.preparation import PCA_KINDS
from selavi.settings import Config, RunSettings
from selavi.training.loop import Trainer
from selavi.training.preparation import FITTED, first_labels, prepare
from selavi.training.pretrain import pretrain
from two_views import TwoViews, two_view_sets

SEEDS = (0, 1, 2)
FEATURES, CLUSTERS, HEADS = 1024, 309, 10
MODALITIES = ("video", "audio")


def run_settings(folder: Path, clusters: int, seed: int, **changes: object) -> Config:
    """A configuration of one run on the features in a folder."""
    network = {f"{m}_encoder": "frozen" for m in MODALITIES} | {"clusters": clusters} | changes
    dataset = {
        "root": str(folder), "splits": {"train": {"clips": "clips.csv"}},
        "features": {m: str(folder / f"{m}.npy") for m in MODALITIES},
    }  # fmt: skip
    run = {"dataset": "set", "seed": seed, "network": network}
    return Config.model_validate({"datasets": {"set": dataset}, "runs": {"run": run}})


def write_clips(folder: Path, count: int) -> dict[str, Path]:
    """Write the table of the clips, its index, and the names of the features' rows."""
    names = pd.Series([f"{n:06d}" for n in range(count)], name="key")
    names.to_csv(folder / "clips.csv", index=False)
    ClipTable(folder / "clips.csv").write_index(
        folder / "index.csv", folder / "rejected.csv", folder / "summary.csv"
    )
    for modality in MODALITIES:
        names.to_csv(folder / f"{modality}.csv", index=False)
    return {modality: folder / f"{modality}.npy" for modality in MODALITIES}


def recipe(data: TwoViews, seed: int) -> float:
    """NMI of the consensus."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_clips(folder, len(data.classes))
        for modality, path in files.items():
            np.save(path, data.features[modality])
        config = run_settings(folder, data.clusters, seed)
        pretrain(folder / "index.csv", config.runs["run"], folder / "run", files)
        csv = folder / "assigned.csv"
        assign(
            folder / "run/model.pt", folder / "index.csv", csv, folder / "assigned.pkl",
            features=files,
        )  # fmt: skip
        return float(nmi(data.classes, pd.read_csv(csv)["cluster"]))


def rivals(data: TwoViews) -> dict[str, float]:
    """NMI of each method with the preparation that is better for it, mean of the seeds."""
    best = dict.fromkeys(("kmeans", "spectral", "ward"), 0.0)
    for kind in PCA_KINDS:
        rows = np.concatenate(list(prepare_features(data.features, kind, 128, 0)[1].values()), 1)
        for method in best:
            heads = cluster(method, rows, data.clusters, SEEDS)
            best[method] = max(
                best[method], float(np.mean([nmi(data.classes, h) for h in heads.T]))
            )
    return best


def quality(folder: Path | None) -> dict[str, float]:
    """Print the table; NMI of the recipe and of k-means, mean of large balanced sets."""
    print(f"{'set':45}{'recipe':>8}{'seeds':>22}{'k-means':>9}{'spectral':>9}{'Ward':>7}")
    counted = []
    for data in two_view_sets(folder):
        scores = [recipe(data, seed) for seed in SEEDS]
        others = rivals(data)
        large = len(data.classes) >= 1500 and data.balanced
        name = f"{data.name} ({len(data.classes)}, K = {data.clusters}){'' if large else ' *'}"
        listed = " ".join(f"{score:.3f}" for score in scores)
        print(f"{name:45}{np.mean(scores):8.3f}{listed:>22}{others['kmeans']:9.3f}"
              f"{others['spectral']:9.3f}{others['ward']:7.3f}", flush=True)  # fmt: skip
        if large:
            counted.append([float(np.mean(scores)), *others.values()])
    means = np.mean(counted, 0)
    print(f"{'mean, without the small and unbalanced (*)':45}{means[0]:8.3f}{'':22}"
          f"{means[1]:9.3f}{means[2]:9.3f}{means[3]:7.3f}")  # fmt: skip
    return {"recipe": float(means[0]), "kmeans": float(means[1])}


def make_features(folder: Path, clips: int) -> dict[str, Path]:
    """Write two views of clips in noisy groups, memory-mapped."""
    files = write_clips(folder, clips)
    random = np.random.default_rng(0)
    groups = random.integers(CLUSTERS, size=clips)
    for path in files.values():
        centres = random.normal(size=(CLUSTERS, FEATURES)).astype(np.float32)
        rows = np.lib.format.open_memmap(path, "w+", np.float32, (clips, FEATURES))
        for first in range(0, clips, 10_000):
            some = groups[first : first + 10_000]
            noise = random.normal(size=(len(some), FEATURES)).astype(np.float32)
            rows[first : first + len(some)] = centres[some] + 2 * noise
        rows.flush()
    return files


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def speed(clips: int, target: int) -> dict[str, float]:
    """Time the parts of the recipe on some clips, and compute those of more clips from them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_features(folder, clips)
        settings = run_settings(folder, CLUSTERS, 0, heads=HEADS).runs["run"]
        network = settings.network.model_copy(update={"preparation": "l2_pca"})
        chosen = settings.model_copy(update={"network": network})
        alone = settings.feature_views.model_copy(update={"neighbours": 0})
        views = {"feature_views": alone}
        ends: list[float] = []
        with process_group() as group, stop_on_signals() as stop:
            split = open_clips(folder / "index.csv", settings, features=files)
            opened = seconds(lambda: open_clips(folder / "index.csv", settings, features=files))
            fitted = seconds(lambda: prepare(chosen.model_copy(update=views), split, group))
            auto = seconds(lambda: prepare(settings.model_copy(update=views), split, group))
            all_but_auto = seconds(lambda: prepare(chosen, split, group))
            ready = prepare(chosen.model_copy(update=views), split, group).clips
            first = seconds(lambda: first_labels(chosen, ready, group))
            trainer = Trainer(
                split, _three_epochs(chosen), folder / "state", group, stop,
                lambda history, labels: ends.append(time.perf_counter()),
            )  # fmt: skip
            trainer.run()
        epoch = ends[1] - ends[0]
        update = max(0.0, ends[2] - ends[1] - epoch)
        joined = np.concatenate([np.asarray(ready.features[m]) for m in MODALITIES], 1)
        kmeans = 10 * seconds(lambda: KMeans(CLUSTERS, n_init=1, random_state=0).fit(joined))
    more, epochs = target / clips, settings.training.epochs
    updates = settings.labelling.optimisations - 1
    floor = _floor_of_epoch(clips, settings) * epochs
    parts = {  # seconds here, and how they grow
        "reading and checking": (opened, more),
        "choice of the preparation": (max(0.0, auto - fitted), 1.0),
        "preparation": (fitted, more),
        "neighbours": (max(0.0, all_but_auto - fitted), more**2),
        "first labels": (first, min(target, FITTED) / min(clips, FITTED)),
        f"{epochs} epochs": (epochs * epoch, more),
        f"{updates} label updates": (updates * update, more),
    }
    print(
        f"\n{FEATURES} features of each modality, {CLUSTERS} clusters, {HEADS} heads, "
        f"{torch.get_num_threads()} threads; seconds\n{'':40}{clips:>12,}{target:>12,} clips"
    )
    for what, (here, growth) in parts.items():
        print(f"  {what:38}{here:12.1f}{here * growth:12.1f}")
    total = sum(here * growth for here, growth in parts.values())
    here = sum(here for here, _ in parts.values())
    print(f"  {'in all':38}{here:12.1f}{total:12.1f}")
    print(f"  {'the floor: matrix products of the steps':38}{floor:11.1f}{floor * more:12.1f}")
    print(f"  {'scikit-learn: k-means, 10 starts':38}{kmeans:12.1f}{kmeans * more:12.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  peak memory {peak:.1f} GB with {clips:,} clips")
    return {
        "minutes": total / 60,
        "floor": total / (floor * more),
        "kmeans": kmeans / here,
        "peak": peak,
    }


def whole(clips: int) -> dict[str, float]:
    """Train the recipe on made-up features, from opening the files to the model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_features(folder, clips)
        run = run_settings(folder, CLUSTERS, 0, heads=HEADS).runs["run"]
        taken = seconds(lambda: pretrain(folder / "index.csv", run, folder / "run", files))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{clips:,} clips: {taken / 60:.1f} minutes, peak memory {peak:.1f} GB")
    return {"minutes": taken / 60, "peak": peak}


def _three_epochs(settings: RunSettings) -> RunSettings:
    """Two epochs without label update, then one with one."""
    training = settings.training.model_copy(update={"epochs": 3, "warmup_epochs": 1})
    labelling = settings.labelling.model_copy(update={"optimisations": 2, "first_share": 0.67})
    return settings.model_copy(update={"training": training, "labelling": labelling})


def _floor_of_epoch(clips: int, settings: RunSettings) -> float:
    """Seconds of an epoch's matrix products alone: of all heads, forward and both gradients."""
    network, batch = settings.network, settings.training.batch_size
    rows = torch.randn(batch, network.dims)
    first = torch.randn(network.dims, network.heads * network.hidden)
    hidden = torch.randn(network.heads, batch, network.hidden)
    last = torch.randn(network.heads, network.hidden, network.clusters)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        rows @ first, hidden @ last
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 3 * len(MODALITIES) * (clips // batch)


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="folder of the public two-view sets")
    parser.add_argument("--clips", type=int, default=20_000, help="clips of the timing")
    parser.add_argument("--target", type=int, default=170_752, help="clips to compute it for")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("quality", "speed", "whole"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.only == "whole":
        whole(options.target)
        return
    result: dict[str, object] = {"benchmark": "features", "against": "k-means, 10 starts"}
    if options.only != "speed":
        result |= quality(options.folder)
    if options.only != "quality":
        measured = speed(options.clips, options.target)
        result |= {
            "ratio": round(measured["kmeans"], 2),
            "floor_ratio": round(measured["floor"], 2),
            "floor": "the matrix products of the steps",
            "target_minutes": round(measured["minutes"], 1),
            "gigabytes": round(measured["peak"], 1),
        }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
