"""Each format read back: by a library where there is one, else as its specification says."""

import errno
import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av
import pandas as pd
import pytest

from selavi.data.schema import LABELS
from selavi.files import UserError, read_csv, write_csv
from selavi.label.formats import FORMATS
from selavi.label.formats.write import write_formats
from tests.label.formats.conftest import HOSTILE, labels_of

SHOWN = 'dogs & <b>cats</b> --> [31m"it\'s"'  # the name in one line, without control characters


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("ascii"))


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def test_every_format_stays_in_its_folder(labels: pd.DataFrame, tmp_path: Path) -> None:
    written = write_formats(labels, tmp_path / "formats", FORMATS, link_folders=True)
    assert list(written) == [*FORMATS, "links"]
    assert all(path.exists() for path in written.values())
    tops = {path.relative_to(tmp_path / "formats").parts[0] for path in files_of(tmp_path)}
    assert tops == {*FORMATS, "links"}
    assert not list(tmp_path.rglob("*.part"))


def test_labels_read_from_csv_give_the_same_files(labels: pd.DataFrame, tmp_path: Path) -> None:
    write_csv(tmp_path / "labels.csv", labels)
    numbers = ("start", "end", "cluster", "model_cluster", "confidence", "second", "margin")
    again = read_csv(tmp_path / "labels.csv", numbers=numbers)
    for name, table in (("one", labels), ("two", again)):
        write_formats(table, tmp_path / name, FORMATS)
    one, two = (
        {f.relative_to(tmp_path / name): f.read_bytes() for f in files_of(tmp_path / name)}
        for name in ("one", "two")
    )
    assert len(one) == 15
    assert one == two


def test_webvtt_is_read_by_ffmpeg(labels: pd.DataFrame, tmp_path: Path) -> None:
    write_formats(labels, tmp_path, ["webvtt"])
    assert len(files_of(tmp_path / "webvtt")) == 3
    with av.open(str(tmp_path / "webvtt/a/cat.vtt"), format="webvtt") as container:
        cues = [(p.pts, p.duration, bytes(p).decode()) for p in container.demux() if p.size]
    text = 'dogs &amp; &lt;b&gt;cats&lt;/b&gt; --&gt; [31m"it\'s" (90%)'
    assert cues == [
        (0, 10_000, text),
        (10_000, 11_334, "cluster 0 (25%)"),
        (3_600_500, 10_000, "cluster 12 (90%)"),
    ]


def test_audacity_has_three_columns(labels: pd.DataFrame, tmp_path: Path) -> None:
    write_formats(labels, tmp_path, ["audacity"])
    lines = (tmp_path / "audacity/a/cat.txt").read_text("utf-8").split("\n")
    assert [line.split("\t") for line in lines] == [
        ["0.000000", "10.000000", f"{SHOWN} (90%)"],
        ["10.000000", "21.333700", "cluster 0 (25%)"],
        ["3600.500000", "3610.500000", "cluster 12 (90%)"],
        [""],
    ]
    assert len(files_of(tmp_path / "audacity")) == 3


def test_label_studio_regions_fit_the_interface(labels: pd.DataFrame, tmp_path: Path) -> None:
    folder = write_formats(labels, tmp_path, ["label-studio"])["label-studio"]
    root = (folder / "document_root.txt").read_text().rstrip("\n")
    assert root == "/videos"
    seen = []
    for name in ("videos", "audio"):
        view = ElementTree.parse(folder / f"{name}.xml").getroot()
        media, control = view
        values = [label.attrib["value"] for label in control]
        for task in read_json(folder / f"{name}.json"):
            address = urlsplit(task["data"][media.attrib["value"].removeprefix("$")])
            assert address.path == "/data/local-files/"
            path = os.path.join(root, parse_qs(address.query)["d"][0])  # noqa: PTH118
            assert path == task["data"]["path"]
            [prediction] = task["predictions"]
            regions = prediction["result"]
            assert len({region["id"] for region in regions}) == len(regions)
            for region in regions:
                assert region["from_name"] == control.attrib["name"]
                assert region["to_name"] == control.attrib["toName"] == media.attrib["name"]
                assert region["type"] == control.tag.lower()
                value = region["value"]
                [shown] = value[region["type"]]
                assert shown in values
                if name == "videos":
                    rate = int(media.attrib["frameRate"])
                    [span] = value["ranges"]
                    times = (span["start"] - 1) / rate, span["end"] / rate
                else:
                    times = value["start"], value["end"]
                seen.append((path, times, shown, region["score"]))
    assert seen == [
        (f"/videos/{HOSTILE}", (0, 10), SHOWN, 0.9),
        ("/videos/a/cat.mp4", (0, 10), SHOWN, 0.9),
        ("/videos/a/cat.mp4", (10, pytest.approx(21.3337, abs=0.02)), "cluster 0", 0.25),
        ("/videos/a/cat.mp4", (3600.48, pytest.approx(3610.5, abs=0.021)), "cluster 12", 0.9),
        ("/videos/song.mp3", (0, 10), "cluster 12", 0.9),
    ]


def test_label_studio_has_no_file_of_what_is_not_there(tmp_path: Path) -> None:
    both = labels_of([{"path": "/v/x.mp4"}, {"path": "/v/y.mp3", "modalities": "audio"}])
    folder = write_formats(both, tmp_path, ["label-studio"])["label-studio"]
    assert len(files_of(folder)) == 5
    write_formats(both[:1], tmp_path, ["label-studio"])
    assert {f.name for f in files_of(folder)} == {"videos.json", "videos.xml", "document_root.txt"}


def test_fiftyone_finds_each_video_and_its_detections(labels: pd.DataFrame, tmp_path: Path) -> None:
    """As FiftyOne's importer reads: keys without their suffix, labels as positions in `classes`."""
    folder = write_formats(labels, tmp_path, ["fiftyone"])["fiftyone"]
    media = {Path(key).stem: folder / path for key, path in read_json(folder / "data.json").items()}
    content = read_json(folder / "labels.json")
    assert content["classes"] == ["cluster 0", "cluster 12", SHOWN]
    found = [
        (str(media[key]), *window["timestamps"], content["classes"][window["label"]],
         window["confidence"], window["attributes"]["cluster"])
        for key, windows in content["labels"].items()
        for window in windows
    ]  # fmt: skip
    assert found == [
        (f"/videos/{HOSTILE}", 0.0, 10.0, SHOWN, 0.9, 2),
        ("/videos/a/cat.mp4", 0.0, 10.0, SHOWN, 0.9, 2),
        ("/videos/a/cat.mp4", 10.0, 21.3337, "cluster 0", 0.25, 0),
        ("/videos/a/cat.mp4", 3600.5, 3610.5, "cluster 12", 0.9, 12),
    ]


def test_coco_has_every_row(labels: pd.DataFrame, tmp_path: Path) -> None:
    content = read_json(write_formats(labels, tmp_path, ["coco"])["coco"])
    videos = {video["id"]: video["file_name"] for video in content["videos"]}
    names = {category["id"]: category["name"] for category in content["categories"]}
    assert names == {0: "cluster 0", 2: SHOWN, 12: "cluster 12"}
    rows = {
        (videos[a["video_id"]], *a["segment"], a["category_id"]) for a in content["annotations"]
    }
    assert rows == set(labels[:5][["path", "start", "end", "cluster"]].itertuples(index=False))
    assert len({a["id"] for a in content["annotations"]}) == 5
    assert [(videos[r["video_id"]], r["segment"], r["reason"]) for r in content["rejected"]] == [
        ("/videos/a/cat.mp4", [21.3337, 22.0], "too_short"),
        ("/videos/broken.mp4", None, "corrupt"),
    ]


def test_parquet_is_the_whole_table(labels: pd.DataFrame, tmp_path: Path) -> None:
    path = write_formats(labels, tmp_path, ["parquet"])["parquet"]
    again = pd.read_parquet(path)
    assert list(again) == list(LABELS)
    assert str(again["cluster"].dtype) == "Int64"
    expected = labels.astype(again.dtypes.to_dict())
    pd.testing.assert_frame_equal(again, expected)


def test_rejected_rows_alone(labels: pd.DataFrame, tmp_path: Path) -> None:
    written = write_formats(labels[-1:], tmp_path, FORMATS, link_folders=True)
    assert files_of(written["webvtt"]) == files_of(written["links"]) == []
    assert read_json(written["coco"])["rejected"][0]["reason"] == "corrupt"
    assert len(pd.read_parquet(written["parquet"])) == 1


def test_made_anew_without_what_is_no_longer_labelled(labels: pd.DataFrame, tmp_path: Path) -> None:
    write_formats(labels, tmp_path, ["webvtt"], link_folders=True)
    write_formats(labels[:1], tmp_path, ["webvtt"], link_folders=True)
    assert [f.name for f in files_of(tmp_path / "webvtt")] == ["cat.vtt"]
    assert [f.name for f in files_of(tmp_path / "links")] == ["cat.mp4"]


def test_links_lead_to_the_videos(tmp_path: Path) -> None:
    videos = [tmp_path / "in" / name for name in ("a/x.mp4", "b/x.mp4", "y & z.mov")]
    for video in videos:
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_bytes(str(video).encode())
    a, b, c = map(str, videos)
    labels = labels_of(
        [
            {"path": a, "cluster": 0, "name": "../dogs"},
            {"path": a, "start": 10.0, "end": 20.0, "cluster": 0, "name": "../dogs"},
            {"path": b, "cluster": 0, "name": "../dogs"},
            {"path": c, "cluster": 10},
            {"path": a, "start": 20.0, "end": 30.0, "cluster": 10},
        ]
    )
    for _ in range(2):  # the second time over the first's links
        folder = write_formats(labels, tmp_path / "out", [], link_folders=True)["links"]
        assert sorted(f.name for f in folder.iterdir()) == ["00 _dogs", "10"]
        assert {f.read_text() for f in (folder / "00 _dogs").iterdir()} == {a, b}
        assert {f.name: f.read_text() for f in (folder / "10").iterdir()} == {
            "y & z.mov": c,
            "x.mp4": a,
        }
    assert all(video.read_bytes() == str(video).encode() for video in videos)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_keeps_the_earlier_folder(
    labels: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = write_formats(labels, tmp_path, [], link_folders=True)["links"]
    before = files_of(folder)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(UserError, match=r"links cannot have links .*leave out --link-folders"):
        write_formats(labels, tmp_path, [], link_folders=True)
    assert files_of(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["links"]


def test_an_unknown_format_is_named(labels: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'srt' is no format; the formats are webvtt, audacity"):
        write_formats(labels, tmp_path, ["webvtt", "srt"])
    assert not list(tmp_path.iterdir())
