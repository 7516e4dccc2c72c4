"""Import WebDataset shards that selavi or any other program wrote, from a path or URL."""

import errno
import logging
import re
import shutil
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd
import webdataset as wds

from selavi.data.manifest import id_of
from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from selavi.data.schema import SHARD_TABLE, VideoRow
from selavi.data.shards.foreign import samples_in, shown
from selavi.data.shards.own import own_clips
from selavi.data.shards.tars import CHUNK, Tar, read_tar, unpack
from selavi.data.shards.writer import (
    Members,
    rejected_row,
    shard_table,
    with_members,
    with_places,
    write_tar,
)
from selavi.disk import FULL
from selavi.files import UserError, atomic_path, explain_refusal, write_csv
from selavi.progress import Bar
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)


def import_shard(
    source: str, tar: Path, table: Path, settings: MediaSettings, threads: int = 1
) -> pd.DataFrame:
    """Import one shard and write its table.

    A shard that selavi wrote is used unchanged, a local one by a symbolic link; a compressed one is
    unpacked. The videos of any other WebDataset shard are normalised as in `write_shard`: the class
    is `label` in a sample's json, or its `cls` or `txt`, and keys begin with the tar's name. If a
    sample has several videos, the first is used and the note `several-videos` is added.

    Parameters
    ----------
    source : str
        A path, or a URL that webdataset can open except `pipe:`.
    tar : Path
        The shard to write; it appears once it is whole and checked.
    table : Path
        The CSV to write.
    settings : MediaSettings
        The dataset's media settings: how clips must be, or are normalised.
    threads : int
        Videos normalised at a time; it does not change the result.

    Returns
    -------
    DataFrame
        The table: one row per clip or video, see `write_shard`.

    Raises
    ------
    UserError
        If the source cannot be read whole, if its clips differ from `settings`, or if the disk is
        full.
    """
    scratch = tar.with_name(f".{tar.name}.import")  # may be left over from a killed job
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with explain_refusal(tar):
            result = _import(source, tar, scratch, settings, threads)
    except tarfile.TarError as error:
        raise UserError(f"{source} is not a valid, complete tar: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_csv(table, result)
    rejected = int((result["reason"] != "").sum())
    log.info("%s: %d clips from %s, %d rejected", tar, len(result) - rejected, source, rejected)
    return result


def _import(
    source: str, tar: Path, scratch: Path, settings: MediaSettings, threads: int
) -> pd.DataFrame:
    """Bring the tar into `scratch`, check it, and only then give the shard its name."""
    copy = scratch / "source.tar"
    if "://" in source:
        _download(source, copy)
    else:
        _link(Path(source), copy)
    unpack(copy, source)
    content = read_tar(copy)
    rows = own_clips(content, tar.name)
    if rows is None:
        return _normalise_foreign(content, tar, source, settings, threads)
    result = with_places(pd.DataFrame(rows, columns=SHARD_TABLE), content.places)
    _check(result[result["reason"] == ""], source, settings)
    with atomic_path(tar) as temporary:
        copy.replace(temporary)
    return result


def _download(source: str, target: Path) -> None:
    if source.startswith("pipe:") or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s'\"`$\\]+", source):
        raise UserError(f"{source!r} is not a URL that can be downloaded")
    stream = None
    try:
        stream = wds.gopen(source, "rb")
        with (
            target.open("wb") as file,
            Bar(desc=source, unit="B", unit_scale=True) as bar,
        ):
            while chunk := stream.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        stream.close()  # raises if the transfer was cut off
    except (OSError, ValueError, AssertionError) as error:
        if isinstance(error, OSError) and error.errno in (*FULL, errno.EFBIG):
            raise
        raise UserError(f"{source} cannot be downloaded: {error}") from error


def _link(source: Path, target: Path) -> None:
    """Link symbolically: through a hard link Snakemake would change the source's own time."""
    if not source.is_file():
        raise UserError(f"{source} does not exist; set the split's `tars` to your shards")
    target.symlink_to(source.resolve())


def _check(table: pd.DataFrame, source: str, settings: MediaSettings) -> None:
    expected = {"fps": settings.fps, "rate": settings.audio_rate}
    for name, value in expected.items():
        other = table.loc[(table[name] != value) & (table[name] != 0), name]
        if len(other):
            raise UserError(
                f"{source} has clips of {name} = {other.iloc[0]:g} and the dataset's media says "
                f"{value:g}; set media to what the shards were made with"
            )
    for kind, column in (("video", "width"), ("audio", "samples")):
        if getattr(settings, kind) == "required" and (table[column] == 0).any():
            raise UserError(f"{source} has clips without {kind}; set media.{kind}: optional")


def _normalise_foreign(
    foreign: Tar, tar: Path, source: str, settings: MediaSettings, threads: int
) -> pd.DataFrame:
    """Write a shard of the normalised videos of a foreign one."""
    # The tar's name makes keys unique: often they are numbers that restart in every tar.
    stem = PurePosixPath(urlsplit(source).path if "://" in source else source).stem
    samples = {}
    rows: list[VideoRow] = []
    for sample in samples_in(foreign):
        name = shown(sample.name)
        key = f"{stem}.tar/{name}"
        id_ = id_of(key)
        samples[id_] = sample
        path = f"{source}/{name}"
        rows.append({"id": id_, "key": key, "path": path, "label": "", "reason": "", "detail": ""})

    several = [sample for sample in samples.values() if len(sample.videos) > 1]
    if several:
        log.warning(
            "%s: %d samples have more than one video, such as %s (%s); the first of each is used",
            source, len(several), shown(several[0].name), ", ".join(several[0].videos),
        )  # fmt: skip

    def make(row: VideoRow) -> tuple[VideoRow, Members | None]:
        return with_members(*take(row), settings)

    def take(row: VideoRow) -> tuple[VideoRow, Normalised | None]:
        sample = samples[row["id"]]
        try:
            sample.require_usable()
            row["label"] = sample.label(foreign.path)
            suffix = sample.video()
            with tempfile.TemporaryDirectory(dir=foreign.path.parent) as scratch:
                file = Path(scratch, f"{row['id']}.{suffix}")
                sample.extract(foreign.path, suffix, file)
                with tempfile.TemporaryDirectory(prefix="selavi-") as own:
                    clip = normalise(Segment(file), settings, Path(own))
            if len(sample.videos) > 1:
                clip = replace(clip, notes=f"{clip.notes} several-videos".strip())
            return row, clip
        except Rejected as rejected:
            return rejected_row(row, rejected), None

    return shard_table(write_tar(tar, rows, make, threads), tar)
