"""What stability, which knows no classes, chooses among methods and preparations of features.

For every set, method and preparation: the NMI with the classes (mean over heads) and the agreement
of the clusters of random parts. `auto` takes the highest agreement; beside it stand k-means and
spectral clustering, each with its preparation of higher agreement, and the best of all by the
classes (oracle).

    python benchmarks/bench_methods.py [--folder FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.clustering.fitted import prepare
from selavi.clustering.methods import cluster
from selavi.clustering.stability import AUTO, Candidate, choose
from selavi.models.preparation import PCA_KINDS, PreparationKind
from two_views import TwoViews, two_view_sets

HEADS = 3
SEED = 31


def judge(data: TwoViews) -> list[tuple[Candidate, float]]:
    """Candidates, the chosen one first, each with its NMI."""
    rows: dict[PreparationKind, np.ndarray] = {
        kind: np.concatenate(list(prepare(data.features, kind, 128, SEED)[1].values()), 1)
        for kind in PCA_KINDS
    }
    candidates = choose(AUTO, PCA_KINDS, rows.__getitem__, [data.clusters], SEED)
    judged = []
    for c in candidates:
        heads = cluster(c.method, rows[c.preparation], data.clusters, range(HEADS))
        judged.append((c, float(np.mean([nmi(data.classes, head) for head in heads.T]))))
    return judged


def main() -> None:
    """Print a table per set, and one of all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="folder of the public two-view sets")
    results = []
    for data in two_view_sets(parser.parse_args().folder):
        judged = judge(data)
        size = f"{data.name} ({len(data.classes)} clips, K = {data.clusters})"
        print(f"\n{size}\n{'method':10}{'preparation':17}{'agreement':>10}{'NMI':>8}{'s':>7}")
        for c, score in judged:
            print(f"{c.method:10}{c.preparation:17}{c.agreement:10.3f}{score:8.3f}{c.seconds:7.1f}"
                  f"  {c.note}")  # fmt: skip
        fixed = [next(s for c, s in judged if c.method == m) for m in ("kmeans", "spectral")]
        scores = [judged[0][1], *fixed, max(score for _, score in judged)]
        results.append((size, scores, f"{judged[0][0].method}, {judged[0][0].preparation}"))
    print(f"\n{'set':45}{'auto':>9}{'k-means':>9}{'spectral':>9}{'oracle':>9}  auto takes")
    means = np.mean([scores for _, scores, _ in results], 0)
    for size, scores, taken in [*results, ("mean", means, "")]:
        print(f"{size:45}{''.join(f'{score:9.3f}' for score in scores)}  {taken}")


if __name__ == "__main__":
    main()
