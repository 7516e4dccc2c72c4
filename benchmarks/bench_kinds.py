"""What `selavi label` makes of a folder of videos on a CPU; its folders are the kinds, for scores.

First the command itself, without a model, as a user calls it but for the number of clusters, which
is that of the kinds. Then on the features that it made (ImageNet encoder, log-mel statistics) the
recipe of the preset `features` beside k-means, spectral clustering and Ward, for three seeds, and
k-means on the video, the audio and both: where the audio helps.

    python benchmarks/bench_kinds.py --videos FOLDER [--clusters K [K ...]] [--output FOLDER]

With --output, what was made there before is not made again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score as nmi

from bench_features import SEEDS, recipe, rivals
from selavi.clustering.fitted import prepare
from selavi.data.schema import read_index
from selavi.evaluation.scores import chance_nmi
from selavi.models.preparation import PCA_KINDS
from selavi.running.recipe import automatic_clusters
from two_views import TwoViews


@dataclass(frozen=True)
class Kinds(TwoViews):
    """Clips of several kinds, with any number of clusters."""

    asked: int = 2

    @property
    def clusters(self) -> int:
        """The number that is asked for."""
        return self.asked


def label(videos: Path, output: Path, clusters: int) -> float:
    """Label the videos as a user does; return the seconds."""
    command = [sys.executable, "-m", "selavi", "label", str(videos), "--output", str(output)]
    started = time.perf_counter()
    subprocess.run([*command, "--clusters", str(clusters)], check=True)
    return time.perf_counter() - started


def made_features(output: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features by modality of the clips that have both, and their kinds."""
    tables = {}
    for modality in ("video", "audio"):
        parts = []
        for path in sorted(output.glob(f"results/embed/*/{modality}/videos/train/*.npz")):
            with np.load(path, allow_pickle=False) as part:
                parts.append(pd.DataFrame(part["features"], index=part["ids"]))
        tables[modality] = pd.concat(parts)
    index = read_index(output / "results/shards/videos/train/index.csv").set_index("id")
    both = [name for name in index.index if all(name in table.index for table in tables.values())]
    kinds = index.loc[both, "path"].map(lambda path: Path(path).parent.name)
    features = {name: table.loc[both].to_numpy(np.float32) for name, table in tables.items()}
    return features, np.unique(kinds, return_inverse=True)[1]


def kmeans(features: dict[str, np.ndarray], classes: np.ndarray, clusters: int) -> float:
    """NMI of k-means with the preparation that is better for it, mean of the seeds."""
    scores = []
    for kind in PCA_KINDS:
        rows = np.concatenate([*prepare(features, kind, 128, 0)[1].values()], 1)
        found = [KMeans(clusters, n_init=10, random_state=seed).fit_predict(rows) for seed in SEEDS]
        scores.append(np.mean([nmi(classes, labels) for labels in found]))
    return float(max(scores))


def chance_of(classes: np.ndarray, clusters: int) -> float:
    """NMI of random clusters of equal sizes."""
    equal = np.random.default_rng(0).permutation(np.arange(len(classes)) % clusters)
    return float(chance_nmi(pd.crosstab(equal, classes).to_numpy()))


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--clusters", type=int, nargs="+")
    parser.add_argument("--output", type=Path, help="keep the labels and features there")
    options = parser.parse_args()
    kinds = sum(path.is_dir() for path in options.videos.iterdir())
    with tempfile.TemporaryDirectory() as folder:
        output = options.output or Path(folder, "labels")
        seconds = label(options.videos, output, kinds)
        labels = pd.read_csv(output / "labels.csv")
        features, classes = made_features(output)
    labels = labels[labels["cluster"].notna()]
    names = labels["path"].map(lambda path: Path(path).parent.name)
    whole = float(nmi(names, labels["cluster"]))
    print(f"selavi label: {len(labels)} windows in {seconds:.0f} s, NMI {whole:.3f} (K = {kinds})")
    result = {"benchmark": "kinds", "windows": len(labels), "seconds": round(seconds), "nmi": whole}
    for clusters in options.clusters or (kinds, automatic_clusters(len(classes))):
        data = Kinds("clips", features, classes, clusters)
        scores = [recipe(data, seed) for seed in SEEDS]
        others = rivals(data)
        alone = {n: kmeans({n: rows}, classes, clusters) for n, rows in features.items()}
        listed = " ".join(f"{score:.3f}" for score in scores)
        print(f"K = {clusters}, {len(classes)} clips, chance {chance_of(classes, clusters):.3f}")
        print(f"  recipe, video and audio  {np.mean(scores):.3f} ({listed})")
        for name, score in others.items():
            print(f"  {name}, video and audio: {score:.3f}")
        for name, score in alone.items():
            print(f"  k-means, {name}: {score:.3f}")
        result[f"recipe_{clusters}"] = round(float(np.mean(scores)), 3)
        result[f"kmeans_{clusters}"] = round(others["kmeans"], 3)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
