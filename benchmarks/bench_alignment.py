"""Modality alignment at N = 20,000, K = 309: the exact minimum against a greedy search by swaps.

The objective is the sum over clips and clusters of |p_video[n, k] - p_audio[n, order[k]]|. The
search makes 50,000 random swaps of two clusters, accepts those that lower the objective, and
repeats this from a second start. Each trial evaluates four columns of N clips or, in a faster
variant, four entries of the cost table that the exact solution also needs. The floor is this table
alone, without the assignment.

Probabilities: an audio head with permuted clusters, sharp and noisy ("hidden order"), and an
untrained one ("untrained", the case of the first label update).
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

import selavi.labelling.alignment
from selavi.labelling.alignment import best_permutation

CLIPS, CLUSTERS, TRIES, STARTS, TIMED = 20_000, 309, 50_000, 2, 2_000


def probabilities(case: str) -> tuple[Tensor, Tensor]:
    """p_video and p_audio, (N, K) float32."""
    random = torch.Generator().manual_seed(0)
    video = torch.randn(CLIPS, CLUSTERS, generator=random)
    if case == "untrained":
        return (0.3 * video).softmax(1), (0.3 * torch.randn(video.shape, generator=random)).softmax(
            1
        )
    video[torch.arange(CLIPS), torch.randint(CLUSTERS, (CLIPS,), generator=random)] += 5
    audio = video + torch.randn(video.shape, generator=random)
    return video.softmax(1), audio[:, torch.randperm(CLUSTERS, generator=random)].softmax(1)


def objective(video: Tensor, audio: Tensor, order: np.ndarray) -> float:
    """The objective's mean over clips, in float64."""
    blocks = zip(video.split(2048), audio.split(2048), strict=True)
    total = sum(float((v.double() - a[:, order].double()).abs().sum()) for v, a in blocks)
    return total / len(video)


def exact(video: Tensor, audio: Tensor) -> np.ndarray:
    """The order of `selavi.labelling.alignment`."""
    blocks = zip(video.split(2048), audio.split(2048), strict=True)
    return best_permutation(blocks, CLUSTERS, video.device).numpy()


def table_only(video: Tensor, audio: Tensor) -> None:
    """`exact` without the assignment."""
    identity = np.arange(CLUSTERS)
    with patch.object(
        selavi.labelling.alignment, "linear_sum_assignment", lambda *_, **__: (identity, identity)
    ):
        exact(video, audio)


def greedy(change: Callable[[np.ndarray, int, int], float], tries: int) -> list[np.ndarray]:
    """The resulting order of each start."""
    orders = []
    for start in range(STARTS):
        random = np.random.default_rng(start)
        order = np.arange(CLUSTERS) if start == 0 else random.permutation(CLUSTERS)
        for i, j in random.integers(CLUSTERS, size=(tries, 2)):
            if change(order, i, j) < 0:
                order[i], order[j] = order[j], order[i]
        orders.append(order)
    return orders


def by_columns(video: np.ndarray, audio: np.ndarray, order: np.ndarray, i: int, j: int) -> float:
    """Change of the objective by a swap, from the columns, (K, N) contiguous."""
    a, b = audio[order[i]], audio[order[j]]
    new = np.abs(video[i] - b).sum() + np.abs(video[j] - a).sum()
    return float(new - np.abs(video[i] - a).sum() - np.abs(video[j] - b).sum())


def by_table(cost: np.ndarray, order: np.ndarray, i: int, j: int) -> float:
    """Change of the objective by a swap, from the cost table."""
    a, b = order[i], order[j]
    return float(cost[i, b] + cost[j, a] - cost[i, a] - cost[j, b])


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def compare(case: str) -> dict[str, object]:
    """One row of the table."""
    video, audio = probabilities(case)
    columns = [np.ascontiguousarray(p.numpy().T) for p in (video, audio)]
    order = exact(video, audio)  # also compiles the loops
    ours = seconds(partial(exact, video, audio), 5)
    table = seconds(partial(table_only, video, audio), 5)
    start = time.perf_counter()
    cost = torch.cdist(*(torch.from_numpy(c) for c in columns), p=1.0).double().numpy()
    cdist = time.perf_counter() - start
    orders = greedy(partial(by_table, cost), TRIES)
    search = cdist + seconds(partial(greedy, partial(by_table, cost), TRIES), 1)
    timed = seconds(partial(greedy, partial(by_columns, *columns), TIMED), 1)
    plain_search = timed * TRIES / TIMED
    best = min(objective(video, audio, o) for o in orders)
    row: dict[str, object] = {
        "case": case, "objective": objective(video, audio, order), "objective_greedy": best,
        "seconds": ours, "table_seconds": table, "greedy_seconds": plain_search,
        "greedy_from_table_seconds": search,
        "ratio": plain_search / ours, "floor_ratio": ours / table,
    }  # fmt: skip
    print(
        f"{case:>12}: exact {row['objective']:.5f} in {ours:.3f} s ({table:.3f} s of it the "
        f"table); greedy {best:.5f} "
        f"in {plain_search:.1f} s ({plain_search / ours:.0f}x; {TIMED} of "
        f"{TRIES} tries timed), or {search:.2f} s from a table by torch.cdist "
        f"({search / ours:.1f}x)",
        flush=True,
    )
    return row


def main() -> None:
    """Print the table, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    rows = [compare(case) for case in ("hidden order", "untrained")]
    print(
        json.dumps(
            {
                "benchmark": "alignment",
                "ratio": rows[0]["ratio"],
                "against": "greedy search, 2 x 50,000 swaps, N = 20,000, K = 309",
                "floor_ratio": rows[0]["floor_ratio"],
                "rows": rows,
            }
        )
    )


if __name__ == "__main__":
    main()
