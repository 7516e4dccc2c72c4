"""Shards that selavi wrote, taken over: what they say of each clip, held against the clip itself.

Headers alone are read: whether every frame can be decoded is found out when it is.
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
from selavi.data.shards.foreign import MOST_LABEL, is_text
from selavi.data.shards.reader import CorruptClip, Shard, open_shard, open_video
from selavi.data.shards.tars import Tar

HEADER_READ = 2**15  # bytes at a time
MOST_JSON = 2**20  # bytes
COUNTS = tuple(name for name in MEDIA if name != "fps")
TEXTS = ("id", "key", "label")
_NAMES = re.compile(r"[0-9a-f]{16}\.(json|mp4|wav)")


def own_clips(tar: Tar, name: str) -> list[VideoRow] | None:
    """What a shard says of each of its clips; None if it is no shard that selavi wrote.

    name : of the shard, for the paths. A clip that is not as the shard says, or that lacks a
    member, is rejected.
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
                texts[stem] = _facts_in(shard.member(*place).read())
        if texts and not any(_is_own(facts, stem) for stem, facts in texts.items()):
            return None
        clips = [_Clip(shard, places, stem, facts) for stem, facts in texts.items()]
        return [clip.row(name) for clip in clips]


def _facts_in(content: bytes) -> dict[str, Any]:
    """The object that a json holds; none if it holds anything else."""
    with suppress(ValueError, RecursionError):
        value = json.loads(content)
        return value if isinstance(value, dict) else {}
    return {}


def _is_own(facts: dict[str, Any], stem: str) -> bool:
    """Whether this is what `write_shard` writes; ids become file names, so they are looked at."""
    known = {*TEXTS, *MEDIA} <= set(facts)
    return known and facts["id"] == stem and all(isinstance(facts[name], str) for name in TEXTS)


@dataclass(frozen=True)
class _Clip:
    """A clip of a shard: where its members lie, and what its json says."""

    shard: Shard
    places: dict[str, tuple[int, int]]
    stem: str
    facts: dict[str, Any]

    def row(self, name: str) -> VideoRow:
        """The clip's row in the shard's table."""
        row: dict[str, Any] = {"id": self.stem, "key": f"{name}/{self.stem}", "label": ""}
        row |= {"reason": "", "detail": ""}
        try:
            self._check(row)
            numbers = (*MEDIA, *CHECKSUMS)
            row |= {number: self.facts[number] for number in numbers if number in self.facts}
        except Rejected as rejected:
            row |= {"reason": rejected.reason, "detail": rejected.detail}
        return cast(VideoRow, row | {"path": f"{name}/{row['key']}"})

    def _check(self, row: dict[str, Any]) -> None:
        """Hold the members against the json, and put its texts into the row. Raises Rejected."""
        if not _is_own(self.facts, self.stem):
            raise Rejected("damaged", "its json is missing, or not as selavi writes it")
        row |= {text: _text(self.facts.get(text, ""), text) for text in (*TEXTS, "notes")}
        if id_of(row["key"]) != self.stem:
            raise Rejected("damaged", f"its json is of {row['key']}, which has another id")
        _check_numbers(self.facts)
        with self._member("mp4") as video:
            _check_video(video, self.facts)
        if self.facts["samples"]:
            with self._member("wav") as sound:
                _check_sound(sound, self.places[f"{self.stem}.wav"][1], self.facts)

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
        words = f"its {name} has {len(text)} characters; at most {MOST_LABEL} are taken"
        raise Rejected(reason, words)
    return str(text)


def _check_numbers(facts: dict[str, Any]) -> None:
    for name in COUNTS:
        least, most = BOUNDS[name]
        if type(facts[name]) is not int or not least <= facts[name] <= most:
            raise _otherwise(name, facts[name])
    for name in CHECKSUMS:  # shards made by earlier versions have none
        if name in facts and (type(facts[name]) is not int or not 0 <= facts[name] < 2**32):
            raise _otherwise(name, facts[name])
    if type(facts["fps"]) not in (int, float) or not 0 < facts["fps"] <= 1000:
        raise _otherwise("fps", facts["fps"])
    if bool(facts["samples"]) != bool(facts["rate"]):
        raise _otherwise("rate", facts["rate"])


def _otherwise(name: str, value: Any) -> Rejected:
    return Rejected("damaged", f"its json has {name} = {value!r:.40}, which no clip has")


def _check_video(video: BinaryIO, facts: dict[str, Any]) -> None:
    try:
        if video.read(8)[4:] != b"ftyp":
            raise Rejected("damaged", "the video is no mp4")
        _check_references(video)
        video.seek(0)
        with open_video(video) as (container, stream):
            found = {
                "streams": len(container.streams),
                "width": stream.width,
                "height": stream.height,
                "frames": stream.frames,
                "fps": round(float(stream.average_rate or 0), 2),
            }
            readable = next(container.demux(stream)).size > 0
    except (av.error.FFmpegError, IndexError, StopIteration, CorruptClip) as error:
        words = getattr(error, "strerror", None) or error
        raise Rejected("damaged", f"the video cannot be opened: {words}") from None
    told = {name: facts[name] for name in found if name in facts}
    told |= {"streams": 1, "fps": round(facts["fps"], 2)}
    for name, value in found.items():
        if value != told[name]:
            raise Rejected("damaged", f"the video has {name} = {value}, its json {told[name]}")
    if not readable:
        raise Rejected("damaged", "the video has no frame that can be read")


def _check_references(video: BinaryIO) -> None:
    """Raise Rejected if the mp4 has its frames in another file."""
    parts = [content for kind, content in _boxes(_movie(video)) if kind == b"trak"]
    for kind in (b"mdia", b"minf", b"dinf", b"dref"):
        parts = [content for part in parts for k, content in _boxes(part) if k == kind]
    entries = [entry for part in parts for entry in _boxes(part[8:])]
    if not entries or any(k != b"url " or c[:4] != b"\0\0\0\1" for k, c in entries):
        raise Rejected("damaged", "the video does not say that its frames are in it")


def _movie(video: BinaryIO) -> bytes:
    """What the mp4's box `moov` holds."""
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
    """Kind and content of the boxes in a row."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        if size < 8:
            return
        yield content[at + 4 : at + 8], content[at + 8 : at + size]
        at += size


def _check_sound(sound: BinaryIO, size: int, facts: dict[str, Any]) -> None:
    try:
        with wave.open(sound) as file:
            found = {
                "channels": file.getnchannels(),
                "bits": 8 * file.getsampwidth(),
                "rate": file.getframerate(),
                "samples": file.getnframes(),
            }
    except (wave.Error, EOFError, RuntimeError) as error:  # of a chunk beyond the end
        words = str(error) or "a chunk goes on beyond the end"
        raise Rejected("damaged", f"the audio cannot be opened: {words}") from None
    told = {"channels": 1, "bits": 16, "rate": facts["rate"], "samples": facts["samples"]}
    for name, value in found.items():
        if value != told[name]:
            raise Rejected("damaged", f"the audio has {name} = {value}, its json {told[name]}")
    if size < 2 * facts["samples"]:
        raise Rejected("damaged", "the audio is cut off")
