"""Shards made by selavi elsewhere: empty, compressed, cut off, in disorder, altered."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.data.index import write_index
from selavi.data.schema import read_index
from selavi.data.shards.import_shards import import_shard
from selavi.data.shards.reader import read_member
from selavi.data.shards.tars import read_tar
from selavi.files import UserError, read_csv
from tests.conftest import MEDIA, make_split
from tests.data.shards.test_tars import fetched, tar_of


def fetch(source: Path, folder: Path, n: int = 0) -> Path:
    """Take over a shard; its table."""
    table = folder / f"{n:05d}.csv"
    import_shard(str(source), table.with_suffix(".tar"), table, MEDIA)
    return table


def test_shards_without_clips(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    """Of one video in three shards, two have none; so has a tar with nothing but a note."""
    make_video(tmp_path / "v/a.mp4")
    ours = read_index(make_split(tmp_path / "v", tmp_path / "made", shards=3))
    with tarfile.open(tmp_path / "made/00003.tar", "w") as tar:
        note = tarfile.TarInfo("README")
        note.size = 5
        tar.addfile(note, io.BytesIO(b"hello"))
    here = tmp_path / "here"
    tables = [fetch(tmp_path / f"made/{n:05d}.tar", here, n) for n in range(4)]
    theirs = write_index(tables, *(here / f"{n}.csv" for n in ("index", "rejected", "summary")))
    assert theirs["id"].tolist() == ours["id"].tolist()
    assert [len(read_csv(table)) for table in tables].count(0) == 3


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_shard_is_unpacked(
    train_index: Path, tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    plain = train_index.parent / "00000.tar"
    source = tmp_path / "00000.tar.packed"
    source.write_bytes(compress(plain.read_bytes()))
    table = fetch(source, tmp_path / "here")
    tar = table.with_suffix(".tar")
    assert tar.read_bytes() == plain.read_bytes()
    row = read_csv(table).iloc[0]
    assert read_member(tar, row["video_offset"], row["video_size"])[4:8] == b"ftyp"
    assert sorted(p.name for p in tar.parent.iterdir()) == ["00000.csv", "00000.tar"]
    source.write_bytes(source.read_bytes()[:-2000])
    with pytest.raises(UserError, match="is not a valid, complete tar"):
        fetch(source, tmp_path / "cut")
    assert not list((tmp_path / "cut").iterdir())


@pytest.mark.parametrize("place", ["between two members", "in a header", "in the end marker"])
@pytest.mark.parametrize("own", [True, False])
def test_a_tar_that_breaks_off(
    train_index: Path,
    tmp_path: Path,
    make_video: Callable[..., Path],
    place: str,
    own: bool,
) -> None:
    source = tmp_path / "part.tar"
    if own:
        source.write_bytes((train_index.parent / "00000.tar").read_bytes())
    else:
        with tarfile.open(source, "w", format=tarfile.USTAR_FORMAT) as tar:
            for n in range(2):
                tar.add(make_video(tmp_path / f"{n}.mp4"), f"{n}.mp4")
    with tarfile.open(source) as tar:
        *_, last = tar.getmembers()
    blocks = last.size + -last.size % tarfile.BLOCKSIZE
    header = last.offset_data - tarfile.BLOCKSIZE
    end = {"between two members": header, "in a header": header + 100}
    cut = end.get(place, last.offset_data + blocks + tarfile.BLOCKSIZE)
    source.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"is not a valid, complete tar.*: it breaks off after \d+"):
        fetch(source, tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.mp4", "b.mp4", "a.json"], "the members of sample a are not consecutive; write the"),
        (["a.mp4", "a.mp4"], r"a\.mp4 is in it twice"),
        (["a.mp4", "b.mp4", "a.mp4"], r"a\.mp4 is in it twice"),
    ],
)
def test_samples_in_disorder(
    tmp_path: Path, make_video: Callable[..., Path], names: list[str], words: str
) -> None:
    video = make_video(tmp_path / "a.mp4")
    with tarfile.open(tmp_path / "part.tar", "w") as tar:
        for name in names:
            tar.add(video, name)
    with pytest.raises(UserError, match=words):
        fetch(tmp_path / "part.tar", tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


def test_a_shard_of_our_own_with_a_clip_twice(train_index: Path, tmp_path: Path) -> None:
    """As `tar -r` leaves it."""
    source = tmp_path / "00000.tar"
    source.write_bytes((train_index.parent / "00000.tar").read_bytes())
    with tarfile.open(source) as tar:
        first = tar.getmembers()[0]
    with tarfile.open(source, "a") as tar:
        tar.addfile(first, io.BytesIO(bytes(first.size)))
    with pytest.raises(UserError, match=f"{first.name} is in it twice"):
        fetch(source, tmp_path / "here")


def repacked(
    source: Path, target: Path, change: Callable[[str, bytes], bytes | None]
) -> tuple[Path, str]:
    """A shard of our own whose first clip has its members changed, or left out; the clip's id."""
    members = []
    with tarfile.open(source) as tar:
        first = tar.getmembers()[0].name.partition(".")[0]
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            content: bytes | None = file.read()
            if member.name.startswith(first):
                content = change(member.name.partition(".")[2], content or b"")
            if content is not None:
                members.append((member.name, content))
    return tar_of(target, *members), first


def replaced(kind: str, new: bytes | None) -> Callable[[str, bytes], bytes | None]:
    return lambda suffix, content: new if suffix == kind else content


def said(**facts: object) -> Callable[[str, bytes], bytes | None]:
    return lambda suffix, content: (
        json.dumps(json.loads(content) | facts).encode() if suffix == "json" else content
    )


def bent(kind: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes | None]:
    def change(suffix: str, content: bytes) -> bytes:
        assert suffix != kind or old in content
        return content.replace(old, new, 1) if suffix == kind else content

    return change


PLAYLIST = b"ffconcat version 1.0\nfile /etc/passwd\n"
OUTSIDE = b"url \0\0\0\0"
WAVE = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0\x80\x3e\0\0\0\xfa\0\0\4\0\x10\0data\0\0\0\0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replaced("mp4", PLAYLIST), "the video is not an mp4"),
        (replaced("mp4", b"\0\0\0\x10ftypisom\0\0\0\0"), "the video has no header"),
        (replaced("mp4", None), "the shard lacks .*mp4"),
        (replaced("mp4", b""), "is empty"),
        (replaced("wav", None), "the shard lacks .*wav"),
        (replaced("wav", b"RIFF"), "the audio cannot be opened"),
        (replaced("wav", WAVE), "the audio has channels = 2, its json 1"),
        (replaced("json", b"[" * 100_000), "its json is missing"),
        (replaced("json", None), "its json is missing"),
        (bent("mp4", b"url \0\0\0\1", OUTSIDE), "frames of the video are not in its own file"),
        (bent("mp4", b"avc1\0\0\0\0\0\0", b"mp4v\0\0\0\0\0\0"), "not H.264|cannot be opened"),
        (bent("mp4", b"avc1\0\0\0\0\0\0", b"\xff" * 10), "codec is unknown"),
        (bent("wav", b"fmt \x10\0\0\0", b"fmx \xff\xff\0\0"), "the audio cannot be opened"),
        (said(frames=-5), "frames = -5"),
        (said(frames=33), "the video has frames = 32, its json 33"),
        (said(width=10**30), "width = 1000"),
        (said(width=True), "width = True"),
        (said(fps=1e-320), "the video has fps = 16"),
        (said(fps=float("nan")), "fps = nan"),
        (said(samples=7), "the audio has samples"),
        (said(samples=-1), "samples = -1"),
        (said(samples=0), "rate = 16000"),
        (said(key="another"), "another, which has another id"),
        (said(label="\ud800"), "its label is not valid UTF-8"),
        (said(label="a" * 10_001), "its label has 10001 characters"),
        (said(key="a" * 10_001), "its key has 10001 characters"),
        (said(notes="a " * 10_000), "its notes has 20000 characters"),
        (said(label=["a"]), "its json is missing or not in selavi"),
    ],
    ids=lambda value: value if isinstance(value, str) else "clip",
)  # fmt: skip
def test_a_clip_of_our_own_shard_that_is_not_as_it_says_is_rejected(
    train_index: Path,
    tmp_path: Path,
    change: Callable[[str, bytes], bytes | None],
    words: str,
) -> None:
    whole = train_index.parent / "00000.tar"
    source, bad = repacked(whole, tmp_path / "00000.tar", change)
    table = fetched(source, tmp_path / "out")
    rejected = table[table["reason"] != ""]
    assert rejected["id"].tolist() == [bad]
    named = "UTF-8" in words or "characters" in words
    reason = "bad-label" if "label has" in words else "bad-name" if named else "damaged"
    assert rejected["reason"].iloc[0] == reason
    assert rejected["detail"].str.contains(words).all(), rejected["detail"].iloc[0]
    assert len(table) == len(read_tar(whole).members) // 3
    outputs = [tmp_path / f"{name}.csv" for name in ("index", "rejected", "summary")]
    assert len(write_index([tmp_path / "out/00000.csv"], *outputs)) == len(table) - 1
