"""Take over WebDataset shards that were made before, here or elsewhere."""

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
from selavi.data.media.normalise import Normalised, normalise
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


def fetch_shard(
    source: str, tar: Path, table: Path, settings: MediaSettings, threads: int = 1
) -> pd.DataFrame:
    """Bring one shard here and write its table.

    A shard of selavi's own is taken as it is, a local one by a symbolic link; a compressed one is
    unpacked. Of any other WebDataset shard, videos are normalised as `write_shard` does; the class
    is `label` in a sample's json, or its `cls` or `txt`, and its key begins with the tar's name. Of
    several videos in a sample the first is taken, and noted as `several-videos`.

    Parameters
    ----------
    source : a path, or a URL that webdataset can open, but for `pipe:`.

    Raises
    ------
    UserError if it cannot be had whole, if its clips are not as `settings` has them, or if the
    disk is full. `tar` appears when it is whole and looked through.
    """
    scratch = tar.with_name(f".{tar.name}.import")  # of one that was killed here, too
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with explain_refusal(tar):
            result = _taken_over(source, tar, scratch, settings, threads)
    except tarfile.TarError as error:
        raise UserError(f"{source} is not a whole tar with each file once: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_csv(table, result)
    rejected = int((result["reason"] != "").sum())
    log.info("%s: %d clips from %s, %d rejected", tar, len(result) - rejected, source, rejected)
    return result


def _taken_over(
    source: str, tar: Path, scratch: Path, settings: MediaSettings, threads: int
) -> pd.DataFrame:
    """Bring the tar into `scratch`, look into it, and only then give the shard its name."""
    here = scratch / "source.tar"
    if "://" in source:
        _download(source, here)
    else:
        _link(Path(source), here)
    unpack(here, source)
    content = read_tar(here)
    facts = own_clips(content, tar.name)
    if facts is None:
        return _normalised(content, tar, source, settings, threads)
    result = with_places(pd.DataFrame(facts, columns=SHARD_TABLE), content.places)
    _check(result[result["reason"] == ""], source, settings)
    with atomic_path(tar) as temporary:
        here.replace(temporary)
    return result


def _download(source: str, target: Path) -> None:
    if source.startswith("pipe:") or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s'\"`$\\]+", source):
        raise UserError(f"{source!r} is not a URL that can be fetched")
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
        stream.close()  # a transfer that broke off says so here
    except (OSError, ValueError, AssertionError) as error:
        if isinstance(error, OSError) and error.errno in (*FULL, errno.EFBIG):
            raise
        raise UserError(f"{source} cannot be fetched: {error}") from error


def _link(source: Path, target: Path) -> None:
    """A symbolic link: through a hard one Snakemake would set the time of the source itself."""
    if not source.is_file():
        raise UserError(f"{source} does not exist; set the split's `tars` to your shards")
    target.symlink_to(source.resolve())


def _check(table: pd.DataFrame, source: str, settings: MediaSettings) -> None:
    asked = {"fps": settings.fps, "rate": settings.audio_rate}
    for name, value in asked.items():
        other = table.loc[(table[name] != value) & (table[name] != 0), name]
        if len(other):
            raise UserError(
                f"{source} has clips of {name} = {other.iloc[0]:g} and the dataset's media says "
                f"{value:g}; set media to what the shards were made with"
            )
    if settings.audio == "required" and (table["samples"] == 0).any():
        raise UserError(f"{source} has clips without sound; set media.audio: optional")


def _normalised(
    foreign: Tar, tar: Path, source: str, settings: MediaSettings, threads: int
) -> pd.DataFrame:
    """Write a tar of normalised clips of the videos in one of any."""
    # Keys are often numbers that restart at 0 in every tar.
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
            "%s: %d samples have more than one video, such as %s (%s); the first of each, in the "
            "order of the tar, is taken",
            source, len(several), shown(several[0].name), ", ".join(several[0].videos),
        )  # fmt: skip

    def make(row: VideoRow) -> tuple[VideoRow, Members | None]:
        return with_members(*take(row), settings)

    def take(row: VideoRow) -> tuple[VideoRow, Normalised | None]:
        sample = samples[row["id"]]
        try:
            sample.require_whole()
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
