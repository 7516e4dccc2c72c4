"""What a page holds of clips and clusters, and which clips it stores."""

import numpy as np
import pandas as pd
import pytest

from selavi.reporting.explorer.contents import cluster_table, columns_of
from selavi.reporting.explorer.media import (
    choose_clips,
    choose_pictures,
    estimate_bytes,
    pick_ranks,
    picture_bytes,
)
from selavi.reporting.explorer.missing import count_missing
from selavi.reporting.explorer.views import (
    View,
    agreement_of_heads,
    views_of,
)


def table_of(clusters: list[int], labels: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"cluster": clusters, "label": labels})
    table["id"] = [f"{n:016x}" for n in range(len(table))]
    return table.assign(key=table["id"] + ".mp4", path="/videos/" + table["id"] + ".mp4")


def view(clusters: list[int], margins: list[int] | None = None, head: int = 0) -> View:
    shares = None if margins is None else np.array(margins, np.uint8)
    return View("video+audio", head, max(clusters) + 1, np.array(clusters, np.int16), shares)


def clips_of(count: int, seconds: float = 10.0, size: int = 100_000) -> pd.DataFrame:
    """Rows of an index."""
    columns = {
        "frames": round(30 * seconds), "fps": 30.0, "samples": round(24_000 * seconds),
        "rate": 24_000, "video_size": size, "width": 170, "height": 128,
    }  # fmt: skip
    return pd.DataFrame({name: [value] * count for name, value in columns.items()})


@pytest.mark.parametrize("size", [1, 2, 5, 12, 13, 14, 1000])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_picks_the_surest_half_and_spreads_the_rest(size: int, count: int) -> None:
    ranks = pick_ranks(size, count)
    assert len(ranks) == len(set(ranks)) == min(size, count)
    assert ranks == sorted(ranks)
    sure = -(-min(size, count) // 2)
    assert ranks[:sure] == list(range(sure))
    if count > 1:
        assert ranks[-1] == size - 1
    gaps = np.diff([sure - 1, *ranks[sure:]])
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


def test_stores_the_largest_and_the_smallest_margin_of_each_cluster() -> None:
    one = view([1, 0, 1, 1, 0], [5, 2, 9, 5, 3])
    chosen = choose_clips(one, clips_of(5), np.ones(5, bool), 2, 1000)
    assert chosen.tolist() == [1, 2, 3, 4]  # of two with a margin of 5, the later one is last
    bare = np.array([True, True, False, True, True])
    assert choose_clips(one, clips_of(5), bare, 1, 1000).tolist() == [0, 4]


def test_stores_fewer_clips_of_every_cluster_if_they_are_too_large() -> None:
    one = view([0] * 50 + [1] * 50, [*range(100)])
    clips, stored = clips_of(100), np.ones(100, bool)
    each = estimate_bytes(clips)[0]
    chosen = choose_clips(one, clips, stored, 24, 10.5 * each / 1e6)
    assert np.bincount(one.assigned[chosen]).tolist() == [5, 5]
    assert len(choose_clips(one, clips, stored, 24, 1e6)) == 48
    assert len(choose_clips(one, clips, stored, 24, 1e-6)) == 2  # at least one each


def test_pictures_of_other_clips_take_what_the_clips_leave() -> None:
    one = view([0] * 50 + [1] * 50, [*range(100)])
    clips, stored = clips_of(100), np.ones(100, bool)
    stored[99] = False
    chosen = choose_clips(one, clips, stored, 2, 1000)
    pictured = choose_pictures(one, clips, stored, chosen, 2, 1000)
    assert np.bincount(one.assigned[pictured]).tolist() == [8, 8]
    assert not set(pictured) & {*chosen, 99}
    assert {48, 97} <= {*chosen, *pictured}  # the largest margins come first
    left = (estimate_bytes(clips)[:4].sum() + 6.5 * picture_bytes(clips)[0]) / 1e6
    pictured = choose_pictures(one, clips, stored, chosen, 2, left)
    assert np.bincount(one.assigned[pictured]).tolist() == [3, 3]
    assert not len(choose_pictures(one, clips, stored, chosen, 2, 1e-6))


def test_of_long_clips_a_part_counts() -> None:
    short, long = (estimate_bytes(clips_of(1, s, 1_000_000))[0] for s in (6.0, 600.0))
    assert long == pytest.approx(short - 1_000_000 * 0.99)


def test_views_are_of_all_heads_and_the_selected_one_is_known() -> None:
    table = table_of([1, 0], ["", ""]).assign(
        head=1, audio_head0=[0, 0], audio_head1=[0, 1], video_head0=[1, 1], video_head1=[0, 0],
        **{"video+audio_head0": [0, 1], "video+audio_head1": [1, 0]},
        **{"video+audio_head1_margin": [0.5, 1.0]},
    )  # fmt: skip
    views, selected = views_of(table)
    assert [(one.modality, one.head) for one in views] == [
        (modality, head) for modality in ("video+audio", "audio", "video") for head in (0, 1)
    ]
    assert (views[selected].modality, views[selected].head) == ("video+audio", 1)
    assert views[selected].assigned.tolist() == [1, 0]
    assert views[selected].margins is not None
    assert views[selected].margins.tolist() == [128, 255]
    assert views[0].margins is None


def test_clusters_of_other_heads_are_matched_before_they_agree() -> None:
    views = [view([0, 0, 1, 1]), view([1, 1, 0, 1], head=1), view([0, 0, 1, 1], head=2)]
    agreement = agreement_of_heads(views, 0)
    assert agreement is not None
    assert agreement.tolist() == [255, 255, 255, 128]
    assert agreement_of_heads(views[:1], 0) is None


def test_columns_of_a_case_worked_by_hand() -> None:
    table = table_of([0, 1, 1], ["b", "", "a"]).assign(
        start=[0.0, 2.5, np.nan], end=[2.5, 5.0, np.nan]
    )
    columns = columns_of(table, [view([0, 1, 1], [9, 8, 7])], 0, np.array([2]), np.array([1]))
    assert columns["class"].tolist() == [1, -1, 0]
    assert columns["media"].tolist() == [0, 1, 2]
    assert columns["ids"].tolist() == [[0] * 7 + [n] for n in range(3)]
    assert columns["paths"] == {"prefix": "/videos/", "rest": table["key"].tolist()}
    assert columns["times"][1].tolist() == [2.5, 5.0]
    assert "split" not in columns
    assert "heads" not in columns


def test_the_table_of_clusters_is_as_worked_by_hand() -> None:
    labels = ["b", "a", "b", "", "", "a"]
    table = table_of([0, 0, 0, 0, 2, 3], labels)
    mixed, unlabelled, single = cluster_table(
        table, view([0, 0, 0, 0, 2, 3], [255, 0, 255, 0, 51, 0]), {2: "quiet"}
    )
    assert (mixed["number"], mixed["size"], mixed["margin"]) == (0, 4, 0.5)
    assert mixed["classes"] == [("b", 2), ("a", 1)]
    assert mixed["purity"] == pytest.approx(2 / 3)  # of the three with a class
    assert (unlabelled["name"], unlabelled["purity"], unlabelled["classes"]) == ("quiet", None, [])
    assert (single["number"], single["classes"]) == (3, [("a", 1)])


def test_counts_what_is_missing_by_reason() -> None:
    found = [("short", f"{n}.mp4") for n in range(5)] + [("no_audio", "x.mp4")] * 6
    first, second = count_missing(found)
    assert first == {"reason": "no_audio", "count": 6, "examples": ["x.mp4"] * 3}
    assert (second["count"], second["examples"]) == (5, ["0.mp4", "1.mp4", "2.mp4"])
