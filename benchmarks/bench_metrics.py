"""The arithmetic of the stage metrics: 10 heads, 170,752 clips, 309 clusters and classes.

Compared with scikit-learn, which reads the clips again for every score and sums over every count
for the expected mutual information. The floor is one contingency table per head.

    python benchmarks/bench_metrics.py
"""

import json
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from selavi.evaluation.metrics import score_heads
from selavi.evaluation.scores import contingency_table, scores_of

CLIPS, CLUSTERS, HEADS, REPEATS = 170_752, 309, 10, 3


def seconds(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Time all, interleaved, and print medians."""
    random = np.random.default_rng(0)
    classes = (CLUSTERS * random.random(CLIPS) ** 1.5).astype(np.int64)
    noise = (CLUSTERS * random.random((CLIPS, HEADS)) ** 1.2).astype(np.int64)
    correct = random.random((CLIPS, HEADS)) < 0.4
    heads = np.asfortranarray(np.where(correct, classes[:, None], noise))

    def library(head: int) -> None:
        normalized_mutual_info_score(classes, heads[:, head])
        adjusted_mutual_info_score(classes, heads[:, head])
        adjusted_rand_score(classes, heads[:, head])

    times: dict[str, list[float]] = {"stage": [], "scores": [], "scikit-learn": [], "floor": []}
    for repeat in range(REPEATS):
        times["stage"].append(seconds(lambda: score_heads({"all": heads}, classes, 0)))
        times["scores"].append(
            seconds(lambda: [scores_of(contingency_table(classes, h)) for h in heads.T])
        )
        # One head, times ten: all take the same time.
        times["scikit-learn"].append(HEADS * seconds(lambda r=repeat: library(r)))
        times["floor"].append(seconds(lambda: [contingency_table(classes, h) for h in heads.T]))
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"{HEADS} heads, {CLIPS:,} clips, {CLUSTERS} clusters; medians of {REPEATS}")
    for name, label in (
        ("stage", "the stage: all scores, bootstrap intervals of one head, choices"),
        ("scores", "all scores"),
        ("scikit-learn", "scikit-learn: NMI, AMI, ARI alone (one head x 10)"),
        ("floor", "contingency tables alone"),
    ):
        print(f"{label:66} {median[name]:9.3f} s")
    print(
        json.dumps(
            {
                "benchmark": "metrics",
                "ratio": round(median["scikit-learn"] / median["scores"], 2),
                "against": "scikit-learn's NMI, AMI and ARI",
                "floor_ratio": round(median["scores"] / median["floor"], 2),
                "stage_seconds": round(median["stage"], 3),
            }
        )
    )


if __name__ == "__main__":
    main()
