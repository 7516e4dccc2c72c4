"""Shards of others that are odd or made to do harm: what is wrong is rejected, the rest taken."""

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.data.index import write_index
from selavi.data.shards import tars
from selavi.data.shards.import_shards import import_shard
from selavi.files import UserError, read_csv
from tests.conftest import MEDIA

Members = list[tuple[str | tarfile.TarInfo, bytes]]
TEXT = ("id", "key", "path", "label", "reason", "detail", "notes")


def tar_of(path: Path, *members: tuple[str | tarfile.TarInfo, bytes], pax: bool = False) -> Path:
    kind = tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT
    with tarfile.open(path, "w", format=kind) as tar:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def fetched(source: Path, folder: Path) -> pd.DataFrame:
    """Take a shard over, and read its table back, by key."""
    table = folder / "00000.csv"
    import_shard(str(source), folder / "00000.tar", table, MEDIA, threads=2)
    return read_csv(table, TEXT).set_index("key", drop=False)


def special(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "good.mp4"
    return info


def test_samples_with_odd_names_and_classes_are_rejected_one_by_one(
    tmp_path: Path, video: bytes
) -> None:
    deep = b'{"label": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    link, pipe, hole = tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE
    odd: dict[str, tuple[Members, str, str]] = {
        "caf\\xe9": ([("caf\udce9.mp4", video)], "bad-name", r"the name caf\\xe9\.mp4 is not"),
        "latin": ([("latin.cls", b"caf\xe9"), ("latin.mp4", video)], "bad-name", "its cls .* caf"),
        "bytes": (
            [("bytes.json", b'{"label": "\xff"}')],
            "bad-name",
            "its json is not valid UTF-8",
        ),
        "half": ([("half.json", b'{"label": "\\ud800"}')], "bad-name", "label .*ud800 is not"),
        "zero": ([("zero.json", b'{"label": "a\\u0000"}')], "bad-name", "label a.x00 is not"),
        "list": ([("list.json", b'{"label": ["a"]}')], "bad-label", "an array or object"),
        "deep": ([("deep.json", deep), ("deep.mp4", video)], "bad-label", "json cannot be read"),
        "torn": ([("torn.json", b'{"label": ')], "bad-label", "its json cannot be read"),
        "book": ([("book.txt", b"word " * 10**6)], "bad-label", "its txt has 5000000 bytes"),
        "case": (
            [("case.MP4", video), ("case.mp4", video)],
            "bad-name",
            "only in upper and lower case",
        ),
        "hard": ([(special("hard.mp4", tarfile.LNKTYPE), b"")], "unreadable", "is a link or a dev"),
        "soft": ([(special("soft.mp4", link), b"")], "unreadable", "a link or a device"),
        "pipe": ([(special("pipe.mp4", pipe), b"")], "unreadable", "a link or a device"),
        "hole": ([(special("hole.mp4", hole), b"")], "unreadable", "is a sparse file"),
        "long": (
            [("long.json", json.dumps({"label": "a" * 10_001}).encode())],
            "bad-label",
            "the label in its json has 10001 characters",
        ),
        "my": (
            [("my.a.mp4", video), ("my.b.MP4", video), ("my.json", b"{}")],
            "bad-name",
            r"^my\.a\.mp4 \(2 videos .*a name ends at its first dot, so this is the a\.mp4 of my; ",
        ),
        "2024": ([("2024.1.mkv", video)], "bad-name", r"^2024\.1\.mkv: in WebDataset a name ends"),
        "bare": ([("bare.json", b"{}"), ("bare.mp4x", b"")], "no-video", r"only \.json, \.mp4x"),
        "text": ([("text.mp4", b"ffconcat version 1.0\nfile good.mp4\n")], "unreadable", ""),
    }
    good = [("good.mp4", video), ("good.cls", "Zähne".encode()), ("/abs.mp4", video),
            ("../up.mp4", video), ("new\nline.mp4", video), ("num.mp4", video),
            ("num.json", b'{"label": 7}')]  # fmt: skip
    members = [member for part, _, _ in odd.values() for member in part]
    table = fetched(tar_of(tmp_path / "part.tar", *good, *members), tmp_path / "out")
    accepted = table[table["reason"] == ""]
    assert accepted["label"].to_dict() == {
        "part.tar/good": "Zähne", "part.tar//abs": "", "part.tar/../up": "",
        "part.tar/new\nline": "", "part.tar/num": "7",
    }  # fmt: skip
    assert len(table) == len(accepted) + len(odd)
    for name, (_, reason, words) in odd.items():
        row = table.loc[f"part.tar/{name}"]
        assert row["reason"] == reason, name
        assert pd.Series(row["detail"]).str.contains(words).all(), row["detail"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["00000.csv", "00000.tar"]
    outputs = [tmp_path / f"{name}.csv" for name in ("index", "rejected", "summary")]
    assert len(write_index([tmp_path / "out/00000.csv"], *outputs)) == 5
    assert len(read_csv(outputs[1], TEXT)) == len(odd)


def test_names_in_pax_headers(tmp_path: Path, video: bytes) -> None:
    zero = tarfile.TarInfo("x")
    zero.pax_headers = {"path": "ze\0ro.mp4"}
    long = f"{'long/' * 60}name.mp4"
    table = fetched(tar_of(tmp_path / "p.tar", (zero, video), (long, video), pax=True), tmp_path)
    assert table["reason"].to_dict() == {"p.tar/ze\\x00ro": "bad-name", f"p.tar/{long[:-4]}": ""}


def test_of_several_videos_the_first_is_taken_and_the_others_are_told(
    tmp_path: Path, make_video: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    short, long = (
        make_video(tmp_path / f"{n}.mp4", seconds=n).read_bytes() for n in (2, 3)
    )  # fmt: skip
    members = [("a.mkv", long), ("a.txt", b"x"), ("a.mp4", short), ("b.mp4", short),
               ("b.mkv", long), ("c.mp4", short), ("c.left.mp4", long)]  # fmt: skip
    table = fetched(tar_of(tmp_path / "part.tar", *members), tmp_path / "out")
    assert table["reason"].tolist() == [""] * 3
    assert (table["frames"] / table["fps"]).round().tolist() == [3, 2, 2]
    assert table["notes"].fillna("").tolist() == ["several-videos", "several-videos", ""]
    assert "part.tar: 2 samples have more than one video, such as a (mkv, mp4); the" in caplog.text
    outputs = [tmp_path / f"{name}.csv" for name in ("index", "rejected", "summary")]
    write_index([tmp_path / "out/00000.csv"], *outputs)
    summary = pd.read_csv(outputs[2]).set_index("outcome")
    assert summary.loc["accepted: several-videos", "videos"] == 2


def test_names_longer_than_any_path_are_rejected(tmp_path: Path, video: bytes) -> None:
    names = ["é" * 5000 + end for end in ("a", "b")]
    members = [(f"{name}.mp4", video) for name in (*names, "good")]
    table = fetched(tar_of(tmp_path / "part.tar", *members, pax=True), tmp_path / "out")
    assert table["reason"].tolist() == ["bad-name", "bad-name", ""]
    assert table["detail"].str.contains("has more than 4096 characters")[:2].all()
    assert table["key"].is_unique and table["key"].str.len().max() < 1000


def harmful(name: str) -> bytes:
    """A header that lies about its size, and what follows."""
    info = tarfile.TarInfo("a.mp4")
    if name == "negative":
        info.size = -512
        return info.tobuf(tarfile.GNU_FORMAT)
    if name == "huge":
        info.size = 2**62
        return info.tobuf(tarfile.GNU_FORMAT)
    if name.startswith("pax"):
        info.pax_headers = {"size": {"pax negative": "-512", "pax huge": str(2**80)}[name]}
        return info.tobuf(tarfile.PAX_FORMAT)
    if name == "long names":
        info.name, info.type = "././@LongLink", tarfile.GNUTYPE_LONGNAME
        return info.tobuf(tarfile.GNU_FORMAT) * 5000
    info.name, info.type, info.size = "./PaxHeaders/x", tarfile.XHDTYPE, -512
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "name", ["negative", "huge", "pax negative", "pax huge", "long names", "negative header"]
)
def test_sizes_that_lie_are_said_and_hang_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.tar").write_bytes(harmful(name) + bytes(1024))
    found: list[str] = []

    def read() -> None:
        try:
            fetched(tmp_path / "x.tar", tmp_path / "out")
        except UserError as error:
            found.append(str(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)
    assert len(found) == 1, "it hangs, or is taken"
    assert "x.tar is not a valid, complete tar" in found[0]


def test_a_packed_tar_that_grows_beyond_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tars, "ALWAYS_ALLOWED", 2**20)
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(bytes(2**26)))
    with pytest.raises(UserError, match=r"bomb\.tar\.gz unpacks to more .* unpack it yourself"):
        fetched(tmp_path / "bomb.tar.gz", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
