"""Samples of WebDataset shards that selavi did not write: their names, classes and videos."""

import json
import logging
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from webdataset.tariterators import base_plus_ext

from selavi.data.manifest import id_of
from selavi.data.read_errors import Rejected
from selavi.data.shards.tars import CHUNK, Tar
from selavi.data.sources.folder import EXTENSIONS

log = logging.getLogger(__name__)

MOST_JSON = 2**24  # bytes
MOST_LABEL = 10_000  # bytes: a caption may serve as a class, a book may not
MOST_NAME = 4096  # characters: no path is longer
_META = re.compile(r"__[^/]*__($|/)")  # webdataset's metadata


@dataclass
class Sample:
    """One sample of a foreign shard.

    Attributes
    ----------
    name : str
        Its name in the tar.
    members : dict of str to TarInfo
        Its members by suffix, in lower case.
    problem : tuple of str and str or None
        Reason and detail if the sample cannot be used.
    """

    name: str
    members: dict[str, tarfile.TarInfo] = field(default_factory=dict)
    problem: tuple[str, str] | None = None

    def require_usable(self) -> None:
        """Raise Rejected if the sample has a problem."""
        if self.problem:
            raise Rejected(*self.problem)

    @property
    def videos(self) -> list[str]:
        """Suffixes of the sample's videos, in tar order."""
        return [suffix for suffix in self.members if f".{suffix}" in EXTENSIONS]

    def video(self) -> str:
        """Suffix of the sample's first video. Raises Rejected if it has none."""
        if self.videos:
            return self.videos[0]
        dotted = [s for s in self.members if f".{s.rpartition('.')[2]}" in EXTENSIONS]
        if dotted:
            more = f" ({len(dotted)} videos of that sample)" if len(dotted) > 1 else ""
            raise Rejected(
                "bad-name",
                f"{shown(self.members[dotted[0]].name)}{more}: in WebDataset a name ends at its "
                f"first dot, so this is the {dotted[0]:.200} of {shown(self.name)}; write the tar "
                "with one dot in each name",
            )
        raise Rejected("no-video", f"the sample has no video, only {self._suffixes()}")

    def _suffixes(self) -> str:
        return f"{', '.join(printable(f'.{suffix}') for suffix in self.members):.200}"

    def label(self, tar: Path) -> str:
        """The class: `label` in the sample's json, or else its cls or txt, "" without one.

        Raises
        ------
        Rejected
            If the class is not text or cannot be read.
        """
        label = self._in_json(tar)
        for name in ("cls", "txt"):
            if label in (None, "") and name in self.members:
                label = _decoded(self._small(tar, name, MOST_LABEL), name).strip()
        if isinstance(label, dict | list):
            raise Rejected("bad-label", "the label in its json is an array or object, not text")
        text = "" if label is None else str(label)
        if len(text) > MOST_LABEL:
            raise Rejected("bad-label", f"the label in its json has {len(text)} characters")
        if not is_text(text):
            raise Rejected("bad-name", f"its label {printable(text):.200} is not valid UTF-8 text")
        return text

    def _in_json(self, tar: Path) -> object:
        if "json" not in self.members:
            return None
        content = self._small(tar, "json", MOST_JSON)
        _decoded(content, "json")
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Rejected("bad-label", f"its json cannot be read: {error}") from None
        return value.get("label") if isinstance(value, dict) else None

    def _small(self, tar: Path, suffix: str, most: int) -> bytes:
        member = self.members[suffix]
        if member.size > most:
            raise Rejected(
                "bad-label", f"its {suffix} has {member.size} bytes; at most {most} are read"
            )
        with tar.open("rb") as file:
            file.seek(member.offset_data)
            return file.read(member.size)

    def extract(self, tar: Path, suffix: str, target: Path) -> None:
        """Write one member's bytes to a file, whatever it is called in the tar."""
        member = self.members[suffix]
        with tar.open("rb") as file, target.open("wb") as copy:
            file.seek(member.offset_data)
            remaining = member.size
            while remaining and (chunk := file.read(min(CHUNK, remaining))):
                copy.write(chunk)
                remaining -= len(chunk)


def samples_in(tar: Tar) -> Iterator[Sample]:
    """Group the members of a tar into samples, in order, as webdataset does.

    Raises
    ------
    tarfile.TarError
        If the members of a sample are not consecutive.
    """
    sample, seen, ignored = None, set(), 0
    for member in tar.members:
        name, suffix = base_plus_ext(member.name)
        if name is None or _META.match(member.name):
            ignored += not member.isdir()
            continue
        if sample is None or name != sample.name:
            if sample:
                yield sample
            if name in seen:
                raise tarfile.ReadError(
                    f"the members of sample {shown(name)} are not consecutive; write the tar in "
                    "the order of its names"
                )
            seen.add(name)
            sample = Sample(name)
        _add(sample, member, suffix.lower())
    if sample:
        yield sample
    if ignored:
        log.info("%s: ignored %d files that belong to no sample", tar.path, ignored)


def _add(sample: Sample, member: tarfile.TarInfo, suffix: str) -> None:
    name = shown(member.name)
    if not is_text(member.name):
        sample.problem = "bad-name", f"the name {name} is not valid UTF-8 text"
    elif len(member.name) > MOST_NAME:
        sample.problem = "bad-name", f"{name} has more than {MOST_NAME} characters"
    elif suffix in sample.members:
        sample.problem = "bad-name", f"{name} and another file differ only in upper and lower case"
    elif not member.isreg():
        sample.problem = "unreadable", f"{name} is a link or a device in the tar, not a file"
    elif member.issparse():
        sample.problem = "unreadable", f"{name} is a sparse file in the tar; write it whole"
    sample.members[suffix] = member


def printable(text: str) -> str:
    """Escape what is not valid UTF-8 text, so that any table can hold it."""
    try:
        content = os.fsencode(text)
    except UnicodeEncodeError:  # lone surrogates that do not stand for bytes
        content = text.encode("utf-8", "backslashreplace")
    return content.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def shown(name: str) -> str:
    """A name for tables and messages: `printable`, and shortened if longer than any path."""
    name = printable(name)
    return name if len(name) <= MOST_NAME else f"{name:.200}[...]{id_of(name)}"


def is_text(text: object) -> bool:
    """Whether this is text that can be written as UTF-8, without zero characters."""
    return isinstance(text, str) and printable(text) == text


def _decoded(content: bytes, suffix: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        escaped = content.decode("utf-8", "backslashreplace")
        detail = f"its {suffix} is not valid UTF-8 text: {escaped:.100}"
        raise Rejected("bad-name", detail) from None
