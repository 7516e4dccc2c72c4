"""Tars that are empty, compressed, cut off or in disorder."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.data.index import write_index
from selavi.data.schema import read_index
from selavi.data.shards.import_shards import fetch_shard
from selavi.data.shards.reader import read_member
from selavi.files import UserError, read_csv
from tests.conftest import MEDIA, make_split


def fetch(source: Path, folder: Path, n: int = 0) -> Path:
    """Take over a shard; its table."""
    table = folder / f"{n:05d}.csv"
    fetch_shard(str(source), table.with_suffix(".tar"), table, MEDIA)
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
    with pytest.raises(UserError, match="is not a whole tar"):
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
    with pytest.raises(UserError, match=r"is not a whole tar .*: it breaks off after \d+"):
        fetch(source, tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.mp4", "b.mp4", "a.json"], "files of a in two places; the members of a sample must"),
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
