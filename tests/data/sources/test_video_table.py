"""Tables of videos as people and their spreadsheets write them, and what is carried along."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.config_file import parse
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.schema import read_index, read_rejected
from selavi.data.shards.writer import write_shard
from selavi.data.sources.subset import subset_by_class
from selavi.data.sources.table import Table
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError
from selavi.settings import SplitSettings, TableColumns
from selavi.training.resume import fingerprint
from tests.conftest import MEDIA

TABLE = "path,label,start\nclips/Käse 1.mp4,Käse,1.5\nclips/b.mp4,007,\n"
SEMICOLONS = TABLE.replace("1.5", "1,5").replace(",", ";").replace("1;5", "1,5")
TABS = SEMICOLONS.replace(";", "\t")


def table_of(content: str | bytes, folder: Path) -> Path:
    path = folder / "videos.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-be").join([b"\xfe\xff", b""]),
        TABLE.encode("utf-32"),
        TABLE.encode("cp1252"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.rstrip().encode(),
        SEMICOLONS.encode("cp1252"),
        ("sep=;\r\n" + SEMICOLONS).encode(),
        TABS.encode("utf-16"),
        TABLE.replace("\n", "\n\n").encode(),
        TABLE.replace("\n", "\n,,\n").encode(),
        TABLE.replace("\n", "\n  \n").encode(),
        TABLE.replace("\n", ",,\n").encode(),
        TABLE.replace(",\n", "\n").encode(),
        TABLE.replace(",", " , ").encode(),
        TABLE.replace("clips/", "clips\\").encode(),
        TABLE.replace("path,label,start", "Path, LABEL ,Start").encode(),
        TABLE.replace("path,label,start", '"path","label","start"').encode(),
    ],
    ids=[
        "as it is", "utf-8 mark", "utf-16", "utf-16 big endian", "utf-32", "cp1252", "crlf", "cr",
        "no last line end", "semicolons", "sep line", "tabs", "blank rows", "empty rows",
        "rows of blanks", "empty columns", "cells left out", "blanks around", "backslashes",
        "large letters", "quoted header",
    ],
)  # fmt: skip
def test_every_way_to_write_one_table(tmp_path: Path, content: bytes) -> None:
    for name in ("Käse 1.mp4", "b.mp4"):
        (tmp_path / "clips").mkdir(exist_ok=True)
        (tmp_path / "clips" / name).write_bytes(b"x")
    rows = Table(tmp_path, table_of(content, tmp_path), "folder", 0).listing().videos
    assert rows["key"].tolist() == ["clips/Käse 1.mp4#t=1.5", "clips/b.mp4"]
    assert rows["path"].tolist() == [str(tmp_path / n) for n in ("clips/Käse 1.mp4", "clips/b.mp4")]
    assert rows["label"].tolist() == ["Käse", "007"]
    assert rows["reason"].tolist() == ["", ""]
    assert rows.columns[-2:].tolist() == ["start", "end"]


def test_what_is_read_as_windows_text_is_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read_video_table(table_of(TABLE.encode("cp1252"), tmp_path))
    words = "videos.csv is not UTF-8; read as Windows-1252, in which line 2 is 'clips/Käse 1"
    assert words in caplog.text


@pytest.mark.parametrize("name", [" blanks .mp4 ", "back\\slash.mp4", "'=apostrophe.mp4", "=f.mp4"])
def test_names_that_are_odd_on_disk_too_stay_as_they_are(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    rows = Table(tmp_path, table_of(f'path\n"{name}"\n', tmp_path), "folder", 0).listing().videos
    assert rows[["key", "reason"]].to_numpy().tolist() == [[name, ""]]


def test_selavis_own_tables_name_videos_too(tmp_path: Path) -> None:
    """A column of paths and labels out of a CSV with guarded cells."""
    (tmp_path / "-x.mp4").write_bytes(b"x")
    table = table_of("path,label\n'-x.mp4,'=y\n", tmp_path)
    rows = Table(tmp_path, table, "folder", 0).listing().videos
    assert rows[["key", "label"]].to_numpy().tolist() == [["-x.mp4", "=y"]]


def test_a_table_of_segments(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    make_video(tmp_path / "long.mp4", seconds=6)
    make_video(tmp_path / "whole.mkv", seconds=2)
    (tmp_path / "videos.csv").write_text(
        "path,label,start,end\nlong.mp4,a,0.5,2\nlong.mp4,b,3,\nwhole.mkv,007,,\n"
        "long.mp4,c,5.5,\nlong.mp4,d,4,2\n"
    )
    write_manifest(
        Table(tmp_path, tmp_path / "videos.csv", "folder", 0), 1, tmp_path / "manifest.csv"
    )
    table = write_shard(
        tmp_path / "manifest.csv", 0, tmp_path / "0.tar", tmp_path / "0.csv", MEDIA
    ).set_index("key")
    assert table["reason"].to_dict() == {
        "long.mp4#t=0.5,2": "",
        "long.mp4#t=3": "",
        "long.mp4#t=4,2": "bad-segment",
        "long.mp4#t=5.5": "too-short",
        "whole.mkv": "",
    }
    assert table["label"]["whole.mkv"] == "007"
    assert table["frames"][table["reason"] == ""].tolist() == pytest.approx([24, 48, 32], abs=1)
    assert table["samples"]["long.mp4#t=0.5,2"] == pytest.approx(1.5 * 16000, abs=400)


def test_segments_a_millisecond_apart_far_into_a_film_are_two(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"x")
    (tmp_path / "list.csv").write_text("path,start\nfilm.mp4,12345.561\nfilm.mp4,12345.563\n")
    keys = Table(tmp_path, tmp_path / "list.csv", "folder", 0.0).listing().videos["key"].tolist()
    assert keys == ["film.mp4#t=12345.561", "film.mp4#t=12345.563"]


def test_a_table_with_paths_alone_and_one_missing(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    make_video(tmp_path / "a.mp4")
    (tmp_path / "videos.csv").write_text(f"path\na.mp4\ngone.mp4\n{'n' * 300}.mp4\n")
    rows = Table(tmp_path, tmp_path / "videos.csv", "folder", 0.5).listing().videos
    assert rows["reason"].tolist() == ["", "missing", "unreadable"]
    assert rows["detail"][2] == "cannot look at the file: File name too long"
    assert rows["label"].tolist() == ["", "", ""]
    with pytest.raises(UserError, match=r"1 of 3 videos are missing, more than max_missing = 0.01"):
        Table(tmp_path, tmp_path / "videos.csv", "folder", 0.01).listing()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "file,label\na.mp4,x\n",
            r"no column 'path'; its columns: file, label; name the one",
        ),
        ("label\nx\n", r"no column 'path'.* `columns: {path: NAME}`"),
        ("path,lable\na.mp4,x\n", r"'lable': did you mean 'label'\? .*`columns: {label: lable}`"),
        ("path,labels\na.mp4,x\n", "did you mean 'label'"),
        ("path\n", "names no videos"),
        ("", "is not a CSV file: it is empty"),
        ("\n \n", "is not a CSV file: it is empty"),
        ('path\n"a.mp4\n', "is not a CSV file: line 2: unexpected end of data"),
        ("path,start\na.mp4,one\n", "line 2: start = 'one' is not in seconds"),
        ("path,start\n\na.mp4,1e999\n", "line 3: start = '1e999' is not in seconds"),
        ('path,start\na.mp4,"1,5"\n', "line 2: start = '1,5' is not in seconds"),
        ("path;start\na.mp4;1.234,5\n", "line 2: start = '1.234,5' is not in seconds"),
        ("path\na.mp4\na.mp4\n", "names a.mp4 twice"),
        ("path\na.mp4\n a.mp4\n", "names a.mp4 twice"),
        ("path,label\na.mp4,x,y\n", "line 2 has 3 cells and the header 2; put names with a sep"),
        ("path,label\n,x\n", "line 2 has no path; fill it in, or remove the row"),
        ("path,label\na.mp4,x\na.m", "breaks off in line 3"),
        ("path,path\na.mp4,x\n", "has two columns 'path'; rename one of them"),
        ("path,id,id_table\na.mp4,1,2\n", "column 'id' would become 'id_table'"),
        ("path\nC:\\a.mp4\n", r"names 'C:\\\\a.mp4', a path of a Windows machine; write the paths"),
        (
            b"path\nK\xe4se.mp4\nK\xc3\xa4se.mp4\n",
            r"line 2 is not UTF-8, but other lines are \(byte 0xe4",
        ),
        (b"path\na\x81.mp4\n", r"line 2 is not UTF-8 \(byte 0x81\); save it as UTF-8"),
        ("path\na.mp4\n".encode("utf-16-le"), "line 1 has a zero byte, as UTF-16 without a byte"),
        ("path\nä.mp4\n".encode("utf-16")[:-1], "is damaged.*save it as UTF-8"),
        (b"PK\x03\x04...", "is a spreadsheet, not text; save it as UTF-8"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, content: str | bytes, words: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(UserError, match=words):
        Table(tmp_path, table_of(content, tmp_path), "folder", 0).listing()


def test_a_class_whose_videos_are_all_missing_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    path = table_of("path,label\na.mp4,x\nb.mp4,x\nc/d.mp4,y\n", tmp_path)
    Table(tmp_path, path, "folder", 0.7).listing()
    assert "class 'y' is lost: all 1 of its videos are missing" in caplog.text
    assert "class 'x'" not in caplog.text


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    """Two videos, but where a disk has one file for both names; a link makes it so here."""
    for name in ("a.mp4", "a.MP4"):
        (tmp_path / name).write_bytes(b"x")
    path = table_of("path\na.mp4\na.MP4\n", tmp_path)
    rows = Table(tmp_path, path, "folder", 0).listing().videos
    assert rows["key"].tolist() == ["a.MP4", "a.mp4"]
    assert rows["id"].is_unique
    (tmp_path / "a.MP4").unlink()
    (tmp_path / "a.MP4").hardlink_to(tmp_path / "a.mp4")
    with pytest.raises(UserError, match="names one file twice, as"):
        Table(tmp_path, path, "folder", 0).listing()


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; set the split's `table`"):
        read_video_table(tmp_path / "absent.csv")
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_video_table(tmp_path)


def test_columns_by_other_names(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(b"x")
    path = table_of("file;Category;t0;label;lable\na.mp4;cat;0,5;A;1\nb.mp4;dog;;B;2\n", tmp_path)
    names = TableColumns(path="file", label="category", start="t0")
    rows = Table(tmp_path, path, "folder", 0, names).listing().videos
    assert rows["key"].tolist() == ["a.mp4#t=0.5", "b.mp4"]
    assert rows["label"].tolist() == ["cat", "dog"]
    assert rows[["label_table", "lable"]].to_numpy().tolist() == [["A", "1"], ["B", "2"]]
    with pytest.raises(UserError, match=r"no column 'kind'.*`columns: {label: NAME}`"):
        read_video_table(path, TableColumns(path="file", label="kind"))
    settings = {"table": "videos.csv", "columns": {"path": "file", "label": "file"}}
    with pytest.raises(UserError, match=r"column 'file' is named twice"):
        parse(settings, SplitSettings, "test")
    with pytest.raises(UserError, match=r"`columns` goes together with `table`"):
        parse({"columns": {"path": "file"}}, SplitSettings, "test")


def test_further_columns_are_carried_to_every_table(
    tmp_path: Path, make_video: Callable[..., Path], tiny_run: Callable[..., object]
) -> None:
    """As they are, blanks and formulas too; the tar does not know of them."""
    make_video(tmp_path / "a.mp4")
    make_video(tmp_path / "b.mp4", hertz=500)
    text = (
        ",path,label,id,stem,=f(),folder,my_head0\n"
        '0,a.mp4,x,007,s,=1+1,"so, so",1\n1,b.mp4,y,NA, t ,-2,,\n2,gone.mp4,x,,,,,\n'
    )
    own = {
        "Unnamed: 0": ["0", "1", "2"],
        "id_table": ["007", "NA", ""],
        "stem": ["s", " t ", ""],
        "=f()": ["=1+1", "-2", ""],
        "folder": ["so, so", "", ""],
        "my_head0_table": ["1", "", ""],
    }
    indexes = {}
    for name, content in (("carried", text), ("plain", "path,label\na.mp4,x\nb.mp4,y\n")):
        folder = tmp_path / name
        folder.mkdir()
        manifest, tar = folder / "manifest.csv", folder / "00000.tar"
        write_manifest(Table(tmp_path, table_of(content, folder), "folder", 0.5), 1, manifest)
        write_shard(manifest, 0, tar, tar.with_suffix(".csv"), MEDIA)
        places = (folder / "index.csv", folder / "rejected.csv", folder / "summary.csv")
        write_index([tar.with_suffix(".csv")], *places)
        indexes[name] = read_index(places[0])
    assert (tmp_path / "carried/00000.tar").read_bytes() == (
        tmp_path / "plain/00000.tar"
    ).read_bytes()
    rows, aside = indexes["carried"], read_rejected(tmp_path / "carried/rejected.csv")
    for name, values in own.items():
        assert rows[name].tolist() == values[:2], name
        assert aside[name].tolist() == values[2:], name
    run = tiny_run()
    assert fingerprint(run, rows) == fingerprint(run, indexes["plain"])

    chosen = tmp_path / "chosen"
    places = (chosen / "index.csv", chosen / "rejected.csv", chosen / "summary.csv")
    subset_by_class(tmp_path / "carried/index.csv", ["x"], *places)
    assert read_index(places[0])[list(own)].to_numpy().tolist() == [[v[0] for v in own.values()]]
    assert read_rejected(places[1])["id_table"].tolist() == [""]


def test_labels_none_ignores_the_tables_classes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "videos.csv").write_text("path,label\na.mp4,x\n")
    rows: pd.DataFrame = Table(tmp_path, tmp_path / "videos.csv", "none", 0).listing().videos
    assert rows["label"].tolist() == [""]
