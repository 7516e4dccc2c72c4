"""Which streams of a video file to take."""

import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from selavi.data.media.containers import PROTOCOL, locator, open_container
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.read_errors import Rejected, check_file
from selavi.settings import MediaSettings

av.logging.set_level(av.logging.PANIC)
PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
TS_DISCONT = 0x0200  # AVFMT_TS_DISCONT: a format whose clock may jump
TELLING = ("flv", "matroska", "asf")
"""Formats whose header has but the length of the whole file: ffmpeg takes it for each stream's."""
CUT_OFF = "the file is cut off: it lacks its table of contents (moov), or a part of it"
PROBE_SECONDS = 60.0  # for ffmpeg to say what is in a file
PRIMING_SECONDS = 0.05  # audio that begins so little before the video is the encoder's padding


@dataclass(frozen=True)
class Audio:
    """An audio stream: its number, and its channels if ffmpeg does not know how to mix them."""

    index: int
    channels: int = 0


@dataclass(frozen=True)
class Streams:
    """Which streams of a file to take.

    format : the container's, as ffmpeg names it. video : the stream's number. audio : the first
    that gives samples is to be taken. zero : where the file's clock begins, in seconds. jumps :
    whether the format's clock may jump.
    """

    format: str
    video: int
    audio: tuple[Audio, ...]
    zero: float = 0.0
    jumps: bool = False


def find_streams(path: Path, settings: MediaSettings) -> Streams:
    """Choose the streams of a file. Nothing is decoded.

    Of video, the default stream, or else the longest; of audio, those that there is a decoder for,
    in a broadcast of the same programme.

    Raises
    ------
    Rejected if the file cannot be opened, or lacks what `settings` ask for.
    """
    with open_video(path) as container:
        known = [
            s for s in container.streams.video if s.codec_context and not s.disposition & PICTURES
        ]
        heard = [s for s in container.streams.audio if s.codec_context]
        if settings.audio == "none":
            heard = []
        for kind, there in (("video", known), ("audio", heard)):
            if not there and (kind == "video" or settings.audio == "required"):
                raise _none_usable(path, container, kind)
        jumps = bool(container.format.flags & TS_DISCONT)
        if jumps and (len(known) > 1 or len(heard) > 1):
            known, heard = _of_one_programme(path, container, known, heard)
        video = max(known, key=_rank)
        return Streams(
            container.format.name.split(",")[0],
            video.index,
            tuple(Audio(stream.index, _odd_channels(stream)) for stream in heard),
            _zero(container, video, heard[0] if heard else None),
            jumps,
        )


def open_video(path: Path) -> InputContainer:
    """Open a video file. Raises Rejected if it is not one, UserError if the disk fails."""
    check_file(path)
    try:
        return open_container(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        check_file(path, whole=True)
        words = f"not a video that ffmpeg can open: {getattr(error, 'strerror', error)}"
        raise Rejected("unreadable", CUT_OFF if _lacks_moov(path) else words) from None


def _none_usable(path: Path, container: InputContainer, kind: str) -> Rejected:
    """Why a file has no stream of a kind that can be used."""
    if any(s.type == kind and not s.disposition & PICTURES for s in container.streams):
        return Rejected("no-decoder", f"there is no decoder for its {kind}")
    if _lacks_moov(path):
        return Rejected("unreadable", CUT_OFF)
    return Rejected(f"no-{kind}", f"the file has no {kind} stream")


def declared_end(stream: Stream) -> float:
    """Where a stream ends on the file's clock, as the file says; inf if it does not."""
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:
        hours, minutes, seconds = map(float, tag.groups())
        return 3600 * hours + 60 * minutes + seconds
    name = stream.container.format.name
    # Of an avi, ffmpeg corrects the duration by the file's size, and leaves the count.
    ticks = max(stream.duration or 0, stream.frames if name == "avi" else 0)
    if not ticks or name.split(",")[0] in TELLING:
        return math.inf
    return float((ticks + (stream.start_time or 0)) * (stream.time_base or 0))


def _rank(stream: VideoStream) -> tuple[bool, bool, float]:
    """Sorts the video that players show above others, and lone pictures below all."""
    default = bool(stream.disposition & Disposition.default)
    end = declared_end(stream)
    return stream.frames != 1, default, 0.0 if end == math.inf else end


def _odd_channels(stream: AudioStream) -> int:
    """The number of channels that say not where they belong; 0 of the usual ones."""
    layout = stream.codec_context.layout
    named = not re.match(r"\d+ channels|ambisonic|custom|unknown", layout.name or "unknown")
    return 0 if named else layout.nb_channels


def _zero(container: InputContainer, video: VideoStream, audio: AudioStream | None) -> float:
    """Where the file's clock begins: with the video, unless audio begins well before."""
    begins = [
        float(stream.start_time * stream.time_base)
        for stream in (video, audio)
        if stream is not None and stream.start_time is not None and stream.time_base is not None
    ]
    if not begins:
        return (container.start_time or 0) / av.time_base
    return begins[0] if min(begins) > begins[0] - PRIMING_SECONDS else min(begins)


def _of_one_programme(
    path: Path, container: InputContainer, videos: list[VideoStream], audios: list[AudioStream]
) -> tuple[list[VideoStream], list[AudioStream]]:
    """The best video of the programmes that have audio, if any has, and that programme's audio.

    All streams if there are no programmes.
    """
    command = [ffmpeg_binary(), "-nostdin", "-hide_banner", "-protocol_whitelist", PROTOCOL]
    command += ["-f", container.format.name.split(",")[0], "-i", locator(path)]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, errors = run.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        run.kill()
        _, errors = run.communicate()
    told = errors.decode("utf-8", "replace")
    programmes = [
        {int(number) for number in re.findall(r"^ *Stream #0:(\d+)", part, re.M)}
        for part in re.split(r"^ *(?:Program \d+|No Program)\b", told, flags=re.M)[1:]
    ]
    chosen = [
        (bool(heard), _rank(video), [video], heard)
        for numbers in programmes
        for video in videos
        if video.index in numbers
        for heard in [[s for s in audios if s.index in numbers]]
    ]
    if not chosen:
        return videos, audios
    *_, video, heard = max(chosen, key=lambda choice: choice[:2])
    return video, heard


def _lacks_moov(path: Path) -> bool:
    """Whether this is an mp4 or the like without all of what tells where its frames lie."""
    boxes: list[bytes] = []
    left = path.stat().st_size
    with path.open("rb") as file:
        while len(header := file.read(16)) >= 8:
            size, name = int.from_bytes(header[:4], "big"), header[4:8]
            size = int.from_bytes(header[8:16], "big") if size == 1 else size
            if name != b"moov" or size <= left:
                boxes.append(name)
            if not 8 <= size <= left or not name.isalnum():
                break
            left -= size
            file.seek(size - len(header), 1)
    return boxes[:1] == [b"ftyp"] and b"mdat" in boxes and b"moov" not in boxes
