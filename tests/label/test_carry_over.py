"""Names follow their clips to the clusters of another training."""

import math

import numpy as np
import pandas as pd

from selavi.label.carry_over import carry_over


def clips(clusters: list[int], first: int = 0) -> pd.DataFrame:
    ids = [f"{n:016x}" for n in range(first, first + len(clusters))]
    return pd.DataFrame({"id": ids, "cluster": clusters})


def test_a_case_worked_by_hand() -> None:
    old = clips([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    new = clips([7, 7, 7, 3, 3, 3, 7, 5, 4, 6])
    # (old, new) clips: 0 -> 7: 3, 3: 1; 1 -> 3: 2, 7: 1; 2 -> 4, 5, 6: 1 each. Matched: 3 + 2 + 1.
    names, agree = carry_over(old, new, {0: "dog", 1: "cat", 2: "sea"})
    assert agree == 6 / 10
    assert names == {3: "cat", 7: "dog", 4: "sea"}  # a third of "sea" is just enough


def test_matching_is_best_over_all_not_cluster_by_cluster() -> None:
    # Each would take 0 first: 0 has 5 of it and 4 of 1, and 1 has 4 of it and nothing else.
    old = clips([0] * 9 + [1] * 4)
    new = clips([0] * 5 + [1] * 4 + [0] * 4)
    assert carry_over(old, new, {0: "a", 1: "b"}) == ({0: "b", 1: "a"}, 8 / 13)


def test_of_equally_good_matches_a_cluster_keeps_its_number() -> None:
    for number in (0, 1):
        halves = clips([0, 1] * 3)
        assert carry_over(clips([number] * 6), halves, {number: "a"}) == ({number: "a"}, 0.5)


def test_renumbered_clusters_keep_all_names() -> None:
    generator = np.random.default_rng(0)
    old = clips(generator.integers(0, 20, 1000).tolist())
    order = generator.permutation(20)
    new = old.assign(cluster=order[old["cluster"]]).sample(frac=1, random_state=0)
    names = {cluster: f"name {cluster}" for cluster in range(20)}
    carried, agree = carry_over(old, new, names)
    assert agree == 1
    assert carried == {int(order[cluster]): name for cluster, name in names.items()}


def test_names_of_scattered_clusters_are_lost() -> None:
    names, agree = carry_over(clips([0] * 8), clips([0, 1, 2, 3] * 2), {0: "dog"})
    assert (names, agree) == ({}, 2 / 8)


def test_only_clips_of_both_count_and_rejected_ones_do_not() -> None:
    old, new = clips([0, 0, -1, 1]), clips([1, -1, 5, 9], first=1)
    # Shared: clip 1 (0 -> 1) and clip 3 (1 -> 5); clip 2 has no cluster in either.
    assert carry_over(old, new, {0: "dog", 1: "cat"}) == ({1: "dog", 5: "cat"}, 1.0)
    names, agree = carry_over(clips([0]), clips([0], first=1), {0: "dog"})
    assert names == {} and math.isnan(agree)


def test_windows_are_known_by_path_and_time() -> None:
    rows = [("a.mp4", 0.0, 10.0, 0), ("a.mp4", 10.0, 20.0, 1), ("b.mp4", 0.0, 4.2, 0)]
    old = pd.DataFrame(rows, columns=["path", "start", "end", "cluster"])
    new = old.assign(cluster=[1, 0, 1], end=[10.0000001, 20.0, 4.2]).iloc[::-1]
    assert carry_over(old, new, {0: "dog", 1: "cat"}) == ({0: "cat", 1: "dog"}, 1.0)
