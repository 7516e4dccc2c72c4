"""Check the clips of an imported shard that selavi wrote against the metadata stored with them.

Only headers are read; frames that cannot be decoded show up as corrupt clips during training.
"""

import json
import re
import wave
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import av

from selavi.data.manifest import id_of
from selavi.data.read_errors import Rejected
from selavi.data.schema import BOUNDS, CHECKSUMS, MEDIA, VideoRow
from selavi.data.shards.decode import open_video
from selavi.data.shards.foreign import MOST_LABEL, is_text
from selavi.data.shards.reader import CorruptClip, Shard, open_shard
from selavi.data.shards.tars import Tar

HEADER_READ = 2**15  # bytes at a time
MOST_JSON = 2**20  # bytes
COUNTS = tuple(name for name in MEDIA if name != "fps")
TEXTS = ("id", "key", "label")
_NAMES = re.compile(r"[0-9a-f]{16}\.(json|mp4|wav)")


def own_clips(tar: Tar, name: str) -> list[VideoRow] | None:
    """The table's rows for a shard that selavi wrote.

    A clip that differs from its metadata, or lacks a member, is rejected.

    Parameters
    ----------
    tar : Tar
        The shard.
    name : str
        Its name, for the paths of the clips.

    Returns
    -------
    list of dict or None
        One row per clip, None if selavi did not write the shard.
    """
    places = tar.places
    if len(places) < len(tar.members) or not all(map(_NAMES.fullmatch, places)):
        return None
    texts: dict[str, dict[str, Any]] = {}
    with open_shard(tar.path) as shard:
        for member, place in places.items():
            stem, _, suffix = member.partition(".")
            texts.setdefault(stem, {})
            if suffix == "json" and 0 < place[1] <= MOST_JSON:
                texts[stem] = _parse_json(shard.member(*place).read())
        if texts and not any(_is_own(metadata, stem) for stem, metadata in texts.items()):
            return None
        clips = [_Clip(shard, places, stem, metadata) for stem, metadata in texts.items()]
        return [clip.row(name) for clip in clips]


def _parse_json(content: bytes) -> dict[str, Any]:
    """The object in a json, {} if it holds anything else."""
    with suppress(ValueError, RecursionError):
        value = json.loads(content)
        return value if isinstance(value, dict) else {}
    return {}


def _is_own(metadata: dict[str, Any], stem: str) -> bool:
    """Whether this is metadata as `write_shard` writes it."""
    known = {*TEXTS, *MEDIA} <= set(metadata)
    return (
        known and metadata["id"] == stem and all(isinstance(metadata[name], str) for name in TEXTS)
    )


@dataclass(frozen=True)
class _Clip:
    """A clip of a shard: the positions of its members, and its metadata."""

    shard: Shard
    places: dict[str, tuple[int, int]]
    stem: str
    metadata: dict[str, Any]

    def row(self, name: str) -> VideoRow:
        """The clip's row in the shard's table."""
        row: dict[str, Any] = {"id": self.stem, "key": f"{name}/{self.stem}", "label": ""}
        row |= {"reason": "", "detail": ""}
        try:
            self._check(row)
            numbers = (*MEDIA, *CHECKSUMS)
            row |= {number: self.metadata[number] for number in numbers if number in self.metadata}
        except Rejected as rejected:
            row |= {"reason": rejected.reason, "detail": rejected.detail}
        return cast(VideoRow, row | {"path": f"{name}/{row['key']}"})

    def _check(self, row: dict[str, Any]) -> None:
        """Check the members, and add the metadata's texts to the row. Raises Rejected."""
        if not _is_own(self.metadata, self.stem):
            raise Rejected("damaged", "its json is missing or not in selavi's format")
        row |= {text: _text(self.metadata.get(text, ""), text) for text in (*TEXTS, "notes")}
        if id_of(row["key"]) != self.stem:
            raise Rejected("damaged", f"its json names {row['key']}, which has another id")
        _check_numbers(self.metadata)
        if self.metadata["width"]:
            with self._member("mp4") as video:
                _check_video(video, self.metadata)
        elif f"{self.stem}.mp4" in self.places:
            raise Rejected("damaged", "by its json it has no video, and the shard has one")
        if self.metadata["samples"]:
            with self._member("wav") as audio:
                _check_audio(audio, self.places[f"{self.stem}.wav"][1], self.metadata)

    def _member(self, suffix: str) -> BinaryIO:
        name = f"{self.stem}.{suffix}"
        if name not in self.places:
            raise Rejected("damaged", f"the shard lacks {name}")
        try:
            return self.shard.member(*self.places[name], read=HEADER_READ)
        except CorruptClip as error:
            raise Rejected("damaged", f"{name}: {error}") from None


def _text(text: Any, name: str) -> str:
    if not is_text(text):
        raise Rejected("bad-name", f"its {name} is not valid UTF-8 text")
    if len(text) > MOST_LABEL:
        reason = "bad-label" if name == "label" else "bad-name"
        detail = f"its {name} has {len(text)} characters; at most {MOST_LABEL} are allowed"
        raise Rejected(reason, detail)
    return str(text)


def _check_numbers(metadata: dict[str, Any]) -> None:
    for name in COUNTS:
        least, most = BOUNDS[name]
        if type(metadata[name]) is not int or not least <= metadata[name] <= most:
            raise _out_of_range(name, metadata[name])
    for name in CHECKSUMS:  # shards of earlier versions have none
        if name in metadata and (
            type(metadata[name]) is not int or not 0 <= metadata[name] < 2**32
        ):
            raise _out_of_range(name, metadata[name])
    if type(metadata["fps"]) not in (int, float) or not 0 < metadata["fps"] <= 1000:
        raise _out_of_range("fps", metadata["fps"])
    if bool(metadata["samples"]) != bool(metadata["rate"]):
        raise _out_of_range("rate", metadata["rate"])
    if bool(metadata["width"]) != bool(metadata["height"]):
        raise _out_of_range("height", metadata["height"])
    if not metadata["width"] and not metadata["samples"]:
        raise Rejected("damaged", "by its json it has neither video nor audio")


def _out_of_range(name: str, value: Any) -> Rejected:
    return Rejected("damaged", f"its json has {name} = {value!r:.40}, which is out of range")


def _check_video(video: BinaryIO, metadata: dict[str, Any]) -> None:
    try:
        if video.read(8)[4:] != b"ftyp":
            raise Rejected("damaged", "the video is not an mp4")
        _check_references(video)
        video.seek(0)
        with open_video(video) as (container, stream):
            actual = {
                "streams": len(container.streams),
                "width": stream.width,
                "height": stream.height,
                "frames": stream.frames,
                "fps": round(float(stream.average_rate or 0), 2),
            }
            readable = next(container.demux(stream)).size > 0
    except (av.error.FFmpegError, IndexError, StopIteration, CorruptClip) as error:
        problem = getattr(error, "strerror", None) or error
        raise Rejected("damaged", f"the video cannot be opened: {problem}") from None
    stored = {name: metadata[name] for name in actual if name in metadata}
    stored |= {"streams": 1, "fps": round(metadata["fps"], 2)}
    for name, value in actual.items():
        if value != stored[name]:
            raise Rejected("damaged", f"the video has {name} = {value}, its json {stored[name]}")
    if not readable:
        raise Rejected("damaged", "the video has no frame that can be read")


def _check_references(video: BinaryIO) -> None:
    """Raise Rejected if the mp4 refers to frames in another file."""
    parts = [content for kind, content in _boxes(_movie(video)) if kind == b"trak"]
    for kind in (b"mdia", b"minf", b"dinf", b"dref"):
        parts = [content for part in parts for k, content in _boxes(part) if k == kind]
    entries = [entry for part in parts for entry in _boxes(part[8:])]
    if not entries or any(k != b"url " or c[:4] != b"\0\0\0\1" for k, c in entries):
        raise Rejected("damaged", "the frames of the video are not in its own file")


def _movie(video: BinaryIO) -> bytes:
    """Content of the mp4's box `moov`."""
    at = 0
    while True:
        video.seek(at)
        head = video.read(16)
        size, kind = int.from_bytes(head[:4]), head[4:8]
        start = at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), at + 16
        if len(head) < 8 or size < start - at:
            raise Rejected("damaged", "the video has no header")
        if kind == b"moov":
            video.seek(start)
            return video.read(at + size - start)
        at += size


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of consecutive boxes."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        if size < 8:
            return
        yield content[at + 4 : at + 8], content[at + 8 : at + size]
        at += size


def _check_audio(audio: BinaryIO, size: int, metadata: dict[str, Any]) -> None:
    try:
        with wave.open(audio) as file:
            actual = {
                "channels": file.getnchannels(),
                "bits": 8 * file.getsampwidth(),
                "rate": file.getframerate(),
                "samples": file.getnframes(),
            }
    except (wave.Error, EOFError, RuntimeError) as error:  # raised if a chunk is cut off
        problem = str(error) or "a chunk is cut off"
        raise Rejected("damaged", f"the audio cannot be opened: {problem}") from None
    stored = {"channels": 1, "bits": 16, "rate": metadata["rate"], "samples": metadata["samples"]}
    for name, value in actual.items():
        if value != stored[name]:
            raise Rejected("damaged", f"the audio has {name} = {value}, its json {stored[name]}")
    if size < 2 * metadata["samples"]:
        raise Rejected("damaged", "the audio is cut off")
