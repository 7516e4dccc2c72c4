"""Choose the video and audio streams of a file."""

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
STILLS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
TS_DISCONT = 0x0200  # AVFMT_TS_DISCONT: timestamps of this format may jump
FILE_DURATION_ONLY = ("flv", "matroska", "asf")
"""Formats that declare one duration for the whole file, which ffmpeg reports for each stream."""
CUT_OFF = "the file is cut off: it lacks its table of contents (moov), or a part of it"
PROBE_SECONDS = 60.0  # time limit for ffmpeg to list a file's programmes
PRIMING_SECONDS = 0.05  # audio that begins less than this before the video is encoder padding


@dataclass(frozen=True)
class Audio:
    """An audio stream.

    Attributes
    ----------
    index : int
        Number of the stream in its file.
    channels : int
        Number of channels if their layout is unknown to ffmpeg, else 0.
    """

    index: int
    channels: int = 0


@dataclass(frozen=True)
class Streams:
    """The streams of a file that are decoded.

    Attributes
    ----------
    format : str
        The container format, as ffmpeg names it.
    video : int or None
        Number of the video stream, None without video.
    audio : tuple of Audio
        Candidates, best first: the first one that gives samples is used.
    zero : float
        Time of the file's beginning on its own clock, in seconds.
    jumps : bool
        Whether timestamps of this format may jump.
    """

    format: str
    video: int | None
    audio: tuple[Audio, ...]
    zero: float = 0.0
    jumps: bool = False

    @property
    def numbers(self) -> list[int]:
        """Numbers of all these streams, that of the video first."""
        video = [] if self.video is None else [self.video]
        return video + [audio.index for audio in self.audio]


def find_streams(path: Path, settings: MediaSettings) -> Streams:
    """Choose the streams of a file without decoding.

    The video is the default stream, or else the longest; cover art is none. The audio streams are
    those with a decoder; in a broadcast, those of the same programme.

    Raises
    ------
    Rejected
        If the file cannot be opened, or lacks a stream that `settings` require.
    UserError
        If the disk fails.
    """
    with open_video(path) as container:
        videos = [
            s for s in container.streams.video if s.codec_context and not s.disposition & STILLS
        ]
        audios = [s for s in container.streams.audio if s.codec_context]
        if settings.audio == "none":
            audios = []
        for kind, usable in (("video", videos), ("audio", audios)):
            if not usable and getattr(settings, kind) == "required":
                raise _none_usable(path, container, kind)
        if not videos and not audios:
            raise _none_usable(path, container, "video", "audio")
        jumps = bool(container.format.flags & TS_DISCONT)
        if jumps and (len(videos) > 1 or len(audios) > 1):
            videos, audios = _of_one_programme(path, container, videos, audios)
        video = max(videos, key=_rank, default=None)
        return Streams(
            container.format.name.split(",")[0],
            None if video is None else video.index,
            tuple(Audio(stream.index, _unknown_channels(stream)) for stream in audios),
            _zero(container, video, audios[0] if audios else None),
            jumps,
        )


def open_video(path: Path) -> InputContainer:
    """Open a video file.

    Raises
    ------
    Rejected
        If the file is not a video.
    UserError
        If the disk fails.
    """
    check_file(path)
    try:
        return open_container(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        check_file(path, whole=True)
        detail = f"not a video that ffmpeg can open: {getattr(error, 'strerror', error)}"
        raise Rejected("unreadable", CUT_OFF if _lacks_moov(path) else detail) from None


def _none_usable(path: Path, container: InputContainer, *kinds: str) -> Rejected:
    """Why a file has no stream of these kinds that can be used."""
    there = [s.type for s in container.streams if not s.disposition & STILLS]
    without = [kind for kind in kinds if kind in there]
    if without:
        return Rejected("no-decoder", f"there is no decoder for its {' or '.join(without)}")
    if _lacks_moov(path):
        return Rejected("unreadable", CUT_OFF)
    return Rejected(f"no-{kinds[0]}", f"the file has no {' or '.join(kinds)} stream")


def declared_end(stream: Stream) -> float:
    """End of a stream in seconds on the file's clock, as the file declares; inf if it does not."""
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:
        hours, minutes, seconds = map(float, tag.groups())
        return 3600 * hours + 60 * minutes + seconds
    name = stream.container.format.name
    # For avi, ffmpeg adapts the duration to the file's size, but leaves the frame count.
    ticks = max(stream.duration or 0, stream.frames if name == "avi" else 0)
    if not ticks or name.split(",")[0] in FILE_DURATION_ONLY:
        return math.inf
    return float((ticks + (stream.start_time or 0)) * (stream.time_base or 0))


def _rank(stream: VideoStream) -> tuple[bool, bool, float]:
    """Sort key: the video that players show ranks first, single frames last."""
    default = bool(stream.disposition & Disposition.default)
    end = declared_end(stream)
    return stream.frames != 1, default, 0.0 if end == math.inf else end


def _unknown_channels(stream: AudioStream) -> int:
    """Number of channels of an unknown layout, 0 if ffmpeg can mix them."""
    layout = stream.codec_context.layout
    named = not re.match(r"\d+ channels|ambisonic|custom|unknown", layout.name or "unknown")
    return 0 if named else layout.nb_channels


def _zero(container: InputContainer, video: VideoStream | None, audio: AudioStream | None) -> float:
    """Time of the file's beginning: the video's, unless audio begins well before."""
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
    """The best video of a programme with audio, if there is one, and that programme's audio.

    Returns all streams if the file has no programmes.
    """
    command = [ffmpeg_binary(), "-nostdin", "-hide_banner", "-protocol_whitelist", PROTOCOL]
    command += ["-f", container.format.name.split(",")[0], "-i", locator(path)]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, errors = run.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        run.kill()
        _, errors = run.communicate()
    listing = errors.decode("utf-8", "replace")
    programmes = [
        {int(number) for number in re.findall(r"^ *Stream #0:(\d+)", section, re.M)}
        for section in re.split(r"^ *(?:Program \d+|No Program)\b", listing, flags=re.M)[1:]
    ]
    candidates = [
        (bool(own_audios), _rank(video), [video], own_audios)
        for numbers in programmes
        for video in videos
        if video.index in numbers
        for own_audios in [[s for s in audios if s.index in numbers]]
    ]
    if not candidates:
        return videos, audios
    *_, best, own_audios = max(candidates, key=lambda candidate: candidate[:2])
    return best, own_audios


def _lacks_moov(path: Path) -> bool:
    """Whether this is an mp4 or similar whose index of frames (moov) is missing or cut off."""
    boxes: list[bytes] = []
    remaining = path.stat().st_size
    with path.open("rb") as file:
        while len(header := file.read(16)) >= 8:
            size, name = int.from_bytes(header[:4], "big"), header[4:8]
            size = int.from_bytes(header[8:16], "big") if size == 1 else size
            if name != b"moov" or size <= remaining:
                boxes.append(name)
            if not 8 <= size <= remaining or not name.isalnum():
                break
            remaining -= size
            file.seek(size - len(header), 1)
    return boxes[:1] == [b"ftyp"] and b"mdat" in boxes and b"moov" not in boxes
