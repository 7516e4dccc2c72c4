"""Hungarian accuracy at N = 170,752 clips and K = 309 clusters, from labels to the score.

Compared with the textbook double loop over clusters and classes: K x K passes over N clips. The
floor is one bincount of the N pairs.

    python benchmarks/bench_hungarian.py
"""

import json
import statistics
import time

import numpy as np
from scipy.optimize import linear_sum_assignment

from selavi.evaluation.scores import contingency_table, hungarian_accuracy

CLIPS, CLUSTERS, REPEATS = 170_752, 309, 5


def double_loop(classes: np.ndarray, clusters: np.ndarray) -> float:
    """The accuracy as it is often implemented."""
    table = np.zeros((CLUSTERS, CLUSTERS))
    for cluster in range(CLUSTERS):
        in_cluster = clusters == cluster
        for label in range(CLUSTERS):
            table[cluster, label] = np.sum(in_cluster & (classes == label))
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / len(classes))


def main() -> None:
    """Time all three, interleaved, and print the medians."""
    random = np.random.default_rng(0)
    classes = random.integers(0, CLUSTERS, CLIPS)
    noise = random.integers(0, CLUSTERS, CLIPS)
    clusters = np.where(random.random(CLIPS) < 0.4, classes, noise)
    ours, loop, floor = [], [], []
    for repeat in range(REPEATS):
        start = time.perf_counter()
        accuracy = hungarian_accuracy(contingency_table(classes, clusters))
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        np.bincount(clusters * CLUSTERS + classes, minlength=CLUSTERS**2)
        floor.append(time.perf_counter() - start)
        if repeat < 3:
            start = time.perf_counter()
            same = double_loop(classes, clusters)
            loop.append(time.perf_counter() - start)
            assert same == accuracy, (same, accuracy)
    times = {"ours": ours, "double loop": loop, "one bincount": floor}
    for name, values in times.items():
        print(f"{name:14} {1000 * statistics.median(values):12.2f} ms, median of {len(values)}")
    print(
        json.dumps(
            {
                "benchmark": "hungarian",
                "ratio": round(statistics.median(loop) / statistics.median(ours), 1),
                "against": "the textbook double loop",
                "floor_ratio": round(statistics.median(ours) / statistics.median(floor), 2),
            }
        )
    )


if __name__ == "__main__":
    main()
