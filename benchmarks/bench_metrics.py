"""The arithmetic of the metrics stage: 10 heads, 170,752 clips, 309 clusters and classes.

Against scikit-learn, which goes through the clips again for every score and sums every count of the
expected mutual information. The floor is counting each head's table once.

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
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Time the three in turn, and print medians."""
    random = np.random.default_rng(0)
    classes = (CLUSTERS * random.random(CLIPS) ** 1.5).astype(np.int64)
    noise = (CLUSTERS * random.random((CLIPS, HEADS)) ** 1.2).astype(np.int64)
    right = random.random((CLIPS, HEADS)) < 0.4
    heads = np.asfortranarray(np.where(right, classes[:, None], noise))

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
        # One head stands for ten: they take the same time, and ten would take half a minute.
        times["scikit-learn"].append(HEADS * seconds(lambda r=repeat: library(r)))
        times["floor"].append(seconds(lambda: [contingency_table(classes, h) for h in heads.T]))
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"{HEADS} heads, {CLIPS:,} clips, {CLUSTERS} clusters; medians of {REPEATS}")
    for name, words in (
        ("stage", "the stage: all scores, bootstrap intervals of one head, choices"),
        ("scores", "all scores alone"),
        ("scikit-learn", "scikit-learn: NMI, AMI, ARI alone (one head x 10)"),
        ("floor", "counting the tables"),
    ):
        print(f"{words:66} {median[name]:9.3f} s")
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
