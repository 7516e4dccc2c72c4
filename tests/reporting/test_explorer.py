"""The explorer's files: the right clips, whole and with sound; names as text; nothing stale."""

import io
import json
import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from selavi.cli import main
from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_samples
from selavi.data.shards.reader import read_member
from selavi.data.sources.clip_table import ClipTable
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.files import UserError, write_csv
from selavi.reporting.explorer import make_explorer
from selavi.reporting.explorer.contents import (
    choose_clips,
    describe,
    number_of_clusters,
    pick_ranks,
)
from tests.conftest import MEDIA, make_split

HOSTILE = """</script><script>hacked=1</script><!--"'&amp;{{ 7*7 }}\\ \n é 漢字.mp4"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of six clips of two classes, beside their shard."""
    root = tmp_path_factory.mktemp("shards")
    make_demo_dataset(
        root / "videos", classes=2, train_per_class=3, test_per_class=0, bad_files=False, workers=1
    )
    return make_split(root / "videos" / "train", root, shards=1)


def assignments(index: Path, clusters: list[int], **changes: list[str]) -> Path:
    """A CSV as the assign stage writes it, the first clips of each cluster the most confident."""
    table = read_index(index)[["sample", "id", "key", "path", "label"]].assign(**changes)
    table["cluster"] = clusters
    table["confidence"] = np.linspace(0.9, 0.4, len(table))
    table["video+audio_head0"] = clusters
    csv = index.parent / "assignments.csv"
    write_csv(csv, table)
    return csv


def contents(page: Path) -> dict[str, Any]:
    found = re.findall(
        r'<script type="application/json" id="contents">(.*?)</script>', page.read_text("utf-8")
    )
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


def table_of(rows: list[tuple[int, float, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["cluster", "confidence", "label"])
    table["sample"] = range(len(table))
    table["id"] = [f"{n:016x}" for n in table["sample"]]
    return table.assign(key=table["id"] + ".mp4", path="/videos/" + table["id"] + ".mp4")


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


def test_clips_are_ordered_by_confidence_then_sample() -> None:
    table = table_of([(1, 0.5, ""), (0, 0.2, ""), (1, 0.9, ""), (1, 0.5, ""), (0, 0.3, "")])
    assert choose_clips(table, 2)["sample"].tolist() == [4, 1, 2, 3]


def test_describes_a_case_worked_by_hand() -> None:
    rows = [(0, 0.8, "b"), (0, 0.6, "a"), (0, 0.4, "b"), (0, 0.2, ""), (2, 1.0, ""), (3, 0.5, "a")]
    table = table_of(rows)
    page = describe(table, choose_clips(table, 2), 5)
    assert (page["size"], page["clusters"], page["empty"]) == (6, 5, [1, 4])
    assert page["classes"] == ["a", "b"]
    assert [card["number"] for card in page["cards"]] == [0, 2, 3]
    mixed, unlabelled, single = page["cards"]
    assert (mixed["size"], mixed["confidence"]) == (4, 0.5)  # (0.8 + 0.6 + 0.4 + 0.2) / 4
    assert mixed["classes"] == [(1, 2), (0, 1)]
    assert mixed["purity"] == 0.6667  # two of the three with a class
    assert [clip["confidence"] for clip in mixed["clips"]] == [0.8, 0.2]
    assert [clip["class"] for clip in mixed["clips"]] == [1, -1]
    assert (unlabelled["classes"], unlabelled["purity"]) == ([], None)
    assert single["classes"] == [(0, 1)]


def test_counts_clusters_that_only_another_head_uses() -> None:
    table = table_of([(0, 0.9, ""), (2, 0.8, "")]).assign(**{"audio_head1": [5, 1]})
    assert number_of_clusters(table) == 6
    assert number_of_clusters(table, 8) == 8
    with pytest.raises(UserError, match="clusters is 5, but the assignments have cluster 5"):
        number_of_clusters(table, 5)


def test_clips_have_the_shards_picture_and_sound(index: Path, tmp_path: Path) -> None:
    make_explorer([(assignments(index, [0] * 6), index)], tmp_path / "index.html", title="demo")
    for row in read_index(index).to_dict("records"):
        tar = index.parent / row["shard"]
        silent = read_member(tar, row["video_offset"], row["video_size"])
        sound = decode_samples(io.BytesIO(read_member(tar, row["audio_offset"], row["audio_size"])))
        clip = tmp_path / "clips" / f"{row['id']}.mp4"
        with av.open(str(clip)) as made, av.open(io.BytesIO(silent)) as source:
            assert [s.codec_context.name for s in made.streams] == ["h264", "aac"]
            assert made.duration == pytest.approx(2e6, abs=1e5)  # microseconds
            packets = [bytes(p) for p in made.demux(video=0)]
            assert packets == [bytes(p) for p in source.demux(video=0)]
        with av.open(str(clip)) as made:
            heard = np.concatenate([f.to_ndarray()[0] for f in made.decode(audio=0)])
        # Lossy coding leaves the course of the loudness, and that tells one clip from another.
        loudness = [np.abs(s[:31_744]).reshape(31, -1).mean(1) for s in (heard, sound / 32_768.0)]
        assert np.corrcoef(loudness)[0, 1] > 0.95
        with av.open(str(clip.with_suffix(".jpg"))) as still:
            assert (still.streams.video[0].width, still.streams.video[0].height) == (48, 48)
        head = clip.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat")  # plays before it is read to its end


def test_clips_without_media_are_shown_by_their_keys(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("key\none\ntwo\nthree\n")
    tables = [tmp_path / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    ClipTable(tmp_path / "clips.csv").write_index(*tables)
    make_explorer(
        [(assignments(tables[0], [0, 1, 1]), tables[0])], tmp_path / "index.html", title="bare"
    )
    clips = [clip for card in contents(tmp_path / "index.html")["cards"] for clip in card["clips"]]
    assert {clip["key"] for clip in clips} == {"one", "two", "three"}
    assert all(clip["bare"] for clip in clips)
    assert list((tmp_path / "clips").iterdir()) == []


def test_mute_clips_are_shown_without_sound(index: Path, tmp_path: Path) -> None:
    mute = make_split(
        index.parent / "videos/train", tmp_path, shards=1,
        media=MEDIA.model_copy(update={"audio": "none"}),
    )  # fmt: skip
    page = tmp_path / "page/index.html"
    make_explorer([(assignments(mute, [0, 0, 0, 1, 1, 1]), mute)], page, title="mute")
    clips = sorted((page.parent / "clips").glob("*.mp4"))
    assert len(clips) == 6
    for clip in clips:
        with av.open(clip) as made:
            assert [stream.type for stream in made.streams] == ["video"]
            assert len(list(made.decode(video=0))) > 16


def test_names_stay_text(index: Path, tmp_path: Path) -> None:
    names = [HOSTILE, *"bcdef"]
    table = assignments(index, [0, 0, 0, 1, 1, 1], key=names, path=names, label=names)
    page = tmp_path / "index.html"
    make_explorer([(table, index)], page, title=HOSTILE)
    html = page.read_text("utf-8")
    assert html.count("<script") == html.count("</script>") == 4
    assert "hacked=1</script>" not in html
    assert "<!--" not in html
    data = contents(page)
    clips = [clip for card in data["cards"] for clip in card["clips"]]
    assert {clip["key"] for clip in clips} == {clip["path"] for clip in clips} == set(names)
    assert set(data["classes"]) == set(names)


def test_page_refers_to_its_folder_only(index: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    make_explorer([(assignments(index, [0] * 6), index)], page, title="demo")
    html = page.read_text("utf-8")
    assert "http:" not in html
    assert "https:" not in html
    assert str(tmp_path) not in html


def test_shows_no_classes_where_there_are_none(index: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    make_explorer([(assignments(index, [0] * 6, label=[""] * 6), index)], page, title="demo")
    assert contents(page)["classes"] == []
    assert 'value="purity"' not in page.read_text("utf-8")
    assert "These videos have no classes" in page.read_text("utf-8")


def test_removes_stale_clips_and_nothing_else(index: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "index.html", assignments(index, [0] * 6)
    make_explorer([(table, index)], page, title="demo", clips_per_cluster=6)
    own = {path.name for path in (tmp_path / "clips").iterdir()}
    assert len(own) == 12
    (tmp_path / "clips" / "holiday.mp4").write_bytes(b"not ours")
    make_explorer([(table, index)], page, title="demo", clips_per_cluster=1)
    (shown,) = contents(page)["cards"][0]["clips"]
    left = {path.name for path in (tmp_path / "clips").iterdir()}
    assert left == {f"{shown['id']}.mp4", f"{shown['id']}.jpg", "holiday.mp4"}


def test_threads_do_not_change_the_result(index: Path, tmp_path: Path) -> None:
    table = assignments(index, [0, 0, 0, 1, 1, 1])
    for threads in (1, 3):
        page = tmp_path / str(threads) / "index.html"
        make_explorer([(table, index)], page, title="demo", threads=threads)
    one, three = (
        {p.name: p.read_bytes() for p in (tmp_path / name).rglob("*.*")} for name in ("1", "3")
    )
    assert one == three


def test_command_counts_empty_clusters(index: Path, tmp_path: Path) -> None:
    table, page = assignments(index, [0, 0, 0, 2, 2, 2]), tmp_path / "index.html"
    given = ["--assignments", str(table), "--index", str(index), "--output", str(page)]
    assert main(["explorer", *given, "--clusters", "4", "--threads", "2", "--title", "demo"]) == 0
    assert contents(page)["clusters"] == 4
    assert contents(page)["empty"] == [1, 3]


def test_keeps_the_earlier_page_if_a_clip_cannot_be_read(index: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the earlier page")
    shards = tmp_path / "shards"
    shards.mkdir()
    (shards / "index.csv").write_bytes(index.read_bytes())
    whole = (index.parent / "00000.tar").read_bytes()
    table = assignments(index, [0] * 6)
    row = read_index(index).iloc[0]
    first, size = int(row["video_offset"]), int(row["video_size"])
    for content, words in (
        (bytes(len(whole)), "00000.tar is not the tar this index was made of"),
        (whole[:first] + bytes(size) + whole[first + size :], "clip .* cannot be read"),
        (whole[: len(whole) // 2], "is shorter than its index says"),
    ):
        # A new file, since an open descriptor of the old one is kept.
        (shards / "00000.tar").unlink(missing_ok=True)
        (shards / "00000.tar").write_bytes(content)
        with pytest.raises(UserError, match=words):
            make_explorer([(table, shards / "index.csv")], tmp_path / "index.html", title="demo")
        shards = shards.rename(tmp_path / "moved")
    assert (tmp_path / "index.html").read_text() == "the earlier page"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": [f"{n:016x}" for n in range(6)]}, "6 of the 6 clips in .* are not in"),
        ({"cluster": None}, "has no column 'cluster'"),
    ],
)
def test_says_what_is_wrong(
    index: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    csv = assignments(index, [0] * 6)
    table = pd.read_csv(csv).assign(**changes)
    write_csv(csv, table.drop(columns=[name for name, new in changes.items() if new is None]))
    with pytest.raises(UserError, match=words):
        make_explorer([(csv, index)], tmp_path / "index.html", title="demo")


@pytest.mark.parametrize("name", ["clips_per_cluster", "threads"])
def test_numbers_are_one_or_more(index: Path, tmp_path: Path, name: str) -> None:
    csv = assignments(index, [0] * 6)
    with pytest.raises(UserError, match=f"{name} is 0; it must be 1 or more"):
        make_explorer([(csv, index)], tmp_path / "index.html", title="demo", **{name: 0})  # type: ignore[arg-type]


def test_an_id_cannot_leave_the_folder(index: Path, tmp_path: Path) -> None:
    table = read_index(index)
    table.loc[0, "id"] = "../../evil"
    write_csv(index.parent / "evil.csv", table)
    csv = assignments(index, [0] * 6, id=table["id"].tolist())
    with pytest.raises(UserError, match="is not 16 hex digits"):
        make_explorer(
            [(csv, index.parent / "evil.csv")], tmp_path / "page" / "index.html", title="x"
        )
    assert not list(tmp_path.rglob("*"))
