"""Take over WebDataset shards that were made before, here or elsewhere."""

import errno
import json
import logging
import re
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import webdataset as wds

from selavi.data.index import CHECKSUMS
from selavi.data.manifest import EXTENSIONS, id_of
from selavi.data.media import Normalised, normalise
from selavi.data.readable import Rejected
from selavi.data.shards import COLUMNS, Fate, with_positions, write_tar
from selavi.data.tars import CHUNK, places_of, unpack
from selavi.data.timeline import Segment
from selavi.disk import FULL
from selavi.files import UserError, atomic_path, explain_refusal, write_csv
from selavi.progress import Bar
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

SIZES = ("width", "height", "frames", "samples", "rate")


def fetch_shard(
    source: str, tar: Path, table: Path, settings: MediaSettings, threads: int = 1
) -> pd.DataFrame:
    """Bring one shard here and write its table.

    A shard of selavi's own is taken as it is, a local one by a symbolic link; a compressed one is
    unpacked. Of any other WebDataset shard, videos are normalised as `write_shard` does; the class
    is `label` in a sample's json, or its `cls` or `txt`, and its key begins with the tar's name.

    Parameters
    ----------
    source : a path, or a URL that webdataset can open, but for `pipe:`.

    Raises
    ------
    UserError if it cannot be had whole, if its clips are not as `settings` has them, or if the
    disk is full. `tar` appears when it is whole and looked through.
    """
    scratch = tar.with_name(f".{tar.name}.fetch")  # of one that was killed here, too
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
    log.info("%s: %d clips from %s", tar, int((result["reason"] == "").sum()), source)
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
    unpack(here)
    places = places_of(here)
    facts = _own_facts(here, places, tar.name)
    if facts is None:
        return _normalised(here, tar, source, settings, threads)
    result = with_positions(pd.DataFrame(facts, columns=COLUMNS), places)
    _check(result, source, settings)
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


def _own_facts(tar: Path, places: dict[str, tuple[int, int]], name: str) -> list[Fate] | None:
    """The facts that selavi wrote with each sample; None if any sample is not selavi's."""
    facts: list[Fate] = []
    with tar.open("rb") as file:
        for member, (offset, size) in places.items():
            if member.endswith(".json"):
                file.seek(offset)
                content = _json(file.read(size))
                if not _is_own(content, member):
                    return None
                path = f"{name}/{content['key']}"
                facts.append(content | {"path": path, "reason": "", "detail": ""})
            elif not member.endswith((".mp4", ".wav")):
                return None
    return facts if facts or not places else None


def _is_own(facts: dict[str, Any], member: str) -> bool:
    """Whether this is what `write_shard` writes; ids become file names, so they are looked at."""
    return (
        re.fullmatch(r"[0-9a-f]{16}\.json", member) is not None
        and facts.get("id") == member.removesuffix(".json")
        and all(isinstance(facts.get(name), str) for name in ("key", "label"))
        and all(isinstance(facts.get(name), int) for name in SIZES)
        and all(_is_checksum(facts[name]) for name in CHECKSUMS if name in facts)
        and isinstance(facts.get("fps"), (int, float))
    )


def _is_checksum(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 2**32


def _check(table: pd.DataFrame, source: str, settings: MediaSettings) -> None:
    bad = table["video_size"].isna() | ((table["samples"] > 0) & (table["audio_size"] == 0))
    if bad.any():
        raise UserError(f"{source} lacks members of {table['key'][int(bad.to_numpy().argmax())]}")
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
    foreign: Path, tar: Path, source: str, settings: MediaSettings, threads: int
) -> pd.DataFrame:
    """Write a tar of normalised clips of the videos in one of any; remove that one."""
    scratch = foreign.parent
    samples = wds.WebDataset(str(foreign), shardshuffle=False, empty_check=False)
    rows: dict[str, Fate] = {}
    files = {}
    for sample in samples:
        row = _row(sample, source)
        if row["id"] in rows:
            raise UserError(
                f"{source} has files of {sample['__key__']} in two places; the members of a sample "
                "must lie together, so write that tar in the order of its names"
            )
        suffix = next((s for s in sample if f".{s.lower()}" in EXTENSIONS), None)
        if suffix is None:
            row |= {"reason": "no-video", "detail": "the sample has no video in it"}
        else:
            files[row["id"]] = scratch / f"{row['id']}.{suffix.lower()}"
            files[row["id"]].write_bytes(sample[suffix])
        rows[row["id"]] = row
    foreign.unlink()

    def attempt(row: Fate) -> tuple[Fate, Normalised | None]:
        if row["reason"]:
            return row, None
        file = files[row["id"]]
        try:
            with tempfile.TemporaryDirectory(prefix="selavi-") as own:
                return row, normalise(Segment(file), settings, Path(own))
        except Rejected as rejected:
            return row | {"reason": rejected.reason, "detail": rejected.detail}, None
        finally:
            file.unlink()

    return write_tar(tar, list(rows.values()), attempt, settings, threads)


def _row(sample: dict[str, Any], source: str) -> Fate:
    # Keys are often numbers that begin anew in every tar.
    tar = PurePosixPath(urlsplit(source).path if "://" in source else source)
    key = f"{tar.stem}.tar/{sample['__key__']}"
    label = _json(sample.get("json", b"{}")).get("label")
    for name in ("cls", "txt"):
        if label in (None, ""):
            label = sample.get(name, b"").decode("utf-8", "replace").strip()
    return {
        "id": id_of(key),
        "key": key,
        "path": f"{source}/{sample['__key__']}",
        "label": str(label),
        "reason": "",
        "detail": "",
    }


def _json(content: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        value = json.loads(content)
        return value if isinstance(value, dict) else {}
    return {}
