"""Exact retrieval at the size of UCF-101: 9,537 training and 3,783 test videos of 9,216 features.

Compared with scikit-learn's exact search, once, and once per k (five times). The floor is the
product of the two matrices.

    python benchmarks/bench_retrieval.py
"""

import json
import resource
import statistics
import time

import torch
from sklearn.neighbors import NearestNeighbors

from selavi.neighbours import nearest

GALLERY, QUERIES, FEATURES, COUNTS, REPEATS = 9537, 3783, 9216, (1, 5, 10, 20, 50), 3


def main() -> None:
    """Time ours and the floor, interleaved, the library once, and print medians."""
    generator = torch.Generator().manual_seed(0)
    gallery = torch.rand(GALLERY, FEATURES, generator=generator)
    queries = torch.rand(QUERIES, FEATURES, generator=generator)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours, floor = [], []
    for repeat in range(REPEATS):
        start = time.perf_counter()
        indices, _ = nearest(queries, gallery, max(COUNTS))
        ours.append(time.perf_counter() - start)
        if repeat == 0:
            memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        start = time.perf_counter()
        queries @ gallery.T
        floor.append(time.perf_counter() - start)
    search = NearestNeighbors(n_neighbors=max(COUNTS), algorithm="brute").fit(gallery.numpy())
    start = time.perf_counter()
    expected = search.kneighbors(queries.numpy(), return_distance=False)
    search_seconds = time.perf_counter() - start
    equal = float((torch.from_numpy(expected) == indices).double().mean())
    median = statistics.median(ours)
    print(
        f"{QUERIES:,} queries, {GALLERY:,} videos, {FEATURES:,} features, "
        f"{torch.get_num_threads()} threads, medians of {REPEATS}; ours takes {memory:.0f} MiB"
    )
    for name, value in (
        ("ours, all k at once", median),
        ("matrix product alone", statistics.median(floor)),
        ("scikit-learn, one search (timed search_seconds)", search_seconds),
        (f"scikit-learn, a search for each of {len(COUNTS)} k", len(COUNTS) * search_seconds),
    ):
        print(f"{name:50} {value:8.2f} s")
    print(f"neighbours equal to scikit-learn's: {equal:.2%}")
    print(
        json.dumps(
            {
                "benchmark": "retrieval",
                "ratio": round(search_seconds / median, 2),
                "against": "scikit-learn's exact search, once",
                "floor_ratio": round(median / statistics.median(floor), 2),
            }
        )
    )


if __name__ == "__main__":
    main()
