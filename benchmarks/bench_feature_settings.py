"""Settings of feature runs one by one: views, cluster sizes, the number of clusters.

For each set the NMI of the recipe's result under each setting, mean of the seeds. All settings of a
set share the preparation with which k-means agrees best with itself; k-means on that, the best of
10 starts, is printed beside. With `unequal`, sets of at least 1,500 clips are cut so that the n-th
class has a share in proportion to n ** -0.7, in a random order, and at least 10 clips. With
`small`, each has at most 20 classes and 350 clips.

    python benchmarks/bench_feature_settings.py views|unequal|small|clusters [--folder FOLDER]
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import normalized_mutual_info_score as nmi

from bench_features import MODALITIES, write_clips
from selavi.clustering.fitted import prepare
from selavi.clustering.methods import kmeans
from selavi.engine.divergence import Diverged
from selavi.evaluation.assign import assign
from selavi.models.head_selection import agreement
from selavi.models.preparation import PCA_KINDS, PreparationKind
from selavi.running.recipe import automatic_clusters
from selavi.settings import RunSettings
from selavi.training.pretrain import pretrain
from two_views import TwoViews, two_view_sets

LEAST, STARTS = 1500, 24
CLIPS, CLASSES = 350, 20
"""Of a small set, at most."""
VIEWS: dict[str, dict[str, Any]] = {
    "recipe": {},
    "no views": {"neighbours": 0},
    "dropout 0.1": {"dropout": 0.1},
    "dropout 0.3": {"dropout": 0.3},
    "noise 0.1": {"noise": 0.1},
    "noise 0.3": {"noise": 0.3},
    "dropout 0.3 alone": {"dropout": 0.3, "neighbours": 0},
    "noise 0.3 alone": {"noise": 0.3, "neighbours": 0},
}
NEAREST: dict[str, dict[str, Any]] = {"joined": {"nearest": "joined"}, "each": {"nearest": "each"}}
SIZES: dict[str, dict[str, Any]] = {"recipe": {}, "uniform": {"marginals": "uniform"}} | {
    f"power {power}": {"marginals": "uniform", "marginal_power": power}
    for power in (0.98, 0.95, 0.9, 0.8, 0.5)
}


def unequal(data: TwoViews) -> TwoViews:
    """The set with classes of unequal sizes."""
    random, kept = np.random.default_rng(0), []
    largest = np.bincount(data.classes).min()
    for rank, one in enumerate(random.permutation(data.clusters), start=1):
        members = np.flatnonzero(data.classes == one)
        kept.append(random.choice(members, max(10, int(largest / rank**0.7)), replace=False))
    rows = np.sort(np.concatenate(kept))
    features = {modality: matrix[rows] for modality, matrix in data.features.items()}
    return TwoViews(data.name, features, data.classes[rows])


def small(data: TwoViews) -> TwoViews:
    """Some clips of some classes of the set."""
    random, rows = np.random.default_rng(0), np.arange(len(data.classes))
    if data.clusters > CLASSES:
        chosen = random.choice(data.clusters, CLASSES, replace=False)
        rows = np.flatnonzero(np.isin(data.classes, chosen))
    rows = np.sort(random.choice(rows, min(CLIPS, len(rows)), replace=False))
    features = {modality: matrix[rows] for modality, matrix in data.features.items()}
    return TwoViews(data.name, features, data.classes[rows])


def stable_preparation(data: TwoViews) -> tuple[PreparationKind, np.ndarray]:
    """The preparation with which k-means agrees best with itself, and the prepared features."""
    found = []
    for kind in PCA_KINDS:
        rows = np.concatenate(list(prepare(data.features, kind, 128, 0)[1].values()), 1)
        labels = np.stack([kmeans(rows, data.clusters, s, starts=1) for s in range(STARTS)], 1)
        found.append((float(agreement(labels).mean()), kind, rows))
    _, kind, rows = max(found, key=lambda one: one[0])
    return kind, rows


def result(data: TwoViews, seed: int, kind: PreparationKind, changes: dict[str, Any]) -> Any:
    """Clusters of the recipe's result; None if the training stops since they collapse."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_clips(folder, len(data.classes))
        for modality, path in files.items():
            np.save(path, data.features[modality])
        network = {f"{m}_encoder": "frozen" for m in MODALITIES} | {"preparation": kind}
        network |= {"clusters": data.clusters} | changes.pop("network", {})
        raw = {"dataset": "set", "preset": "features", "seed": seed, "network": network} | changes
        run = RunSettings.model_validate(raw)
        try:
            pretrain(folder / "index.csv", run, folder / "run", files)
        except Diverged:
            return None
        csv, pickle = folder / "assigned.csv", folder / "assigned.pkl"
        assign(folder / "run/model.pt", folder / "index.csv", csv, pickle, features=files)
        return pd.read_csv(csv)["cluster"]


def variants(what: str, data: TwoViews) -> dict[str, dict[str, Any]]:
    """The settings to compare, as changes of a run, by name."""
    if what == "views":
        return {name: {"feature_views": views} for name, views in VIEWS.items()}
    if what == "small":
        return {name: {"feature_views": views} for name, views in NEAREST.items()}
    if what == "unequal":
        return {name: {"labelling": sizes} for name, sizes in SIZES.items()}
    rule = automatic_clusters(len(data.classes))
    numbers = {"classes": data.clusters, f"rule of thumb, {rule}": rule, "auto": "auto"}
    return {name: {"network": {"clusters": clusters}} for name, clusters in numbers.items()}


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("views", "unequal", "small", "clusters"))
    parser.add_argument("--folder", type=Path, help="folder of the public two-view sets")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--nearest", choices=("joined", "each"), default="joined")
    options = parser.parse_args()
    torch.set_num_threads(1)
    scores: dict[str, list[float]] = {}
    for data in two_view_sets(options.folder):
        if options.what == "unequal":
            if len(data.classes) < LEAST:
                continue
            data = unequal(data)
        if options.what == "small":
            data = small(data)
        kind, rows = stable_preparation(data)
        line = {"k-means": [kmeans(rows, data.clusters, seed) for seed in range(options.seeds)]}
        for name, changes in variants(options.what, data).items():
            views = {"nearest": options.nearest} | changes.get("feature_views", {})
            changed = changes | {"feature_views": views}
            line[name] = [result(data, s, kind, dict(changed)) for s in range(options.seeds)]
        print(f"{data.name} ({len(data.classes)} clips, {data.clusters} classes), {kind}")
        for name, seeds in line.items():
            each = [np.nan if c is None else float(nmi(data.classes, c)) for c in seeds]
            counts = [0 if c is None else len(np.unique(c)) for c in seeds]
            print(f"  {name:24}{np.mean(each):.3f}   clusters {counts}", flush=True)
            scores.setdefault(name.partition(",")[0], []).append(float(np.mean(each)))
    means = {name: round(float(np.mean(values)), 3) for name, values in scores.items()}
    print(json.dumps({"benchmark": "feature settings", "what": options.what, "nmi": means}))


if __name__ == "__main__":
    main()
