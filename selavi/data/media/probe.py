"""How long a video or audio file is, and what it has, without decoding it."""

import math
from dataclasses import dataclass
from pathlib import Path

import av

from selavi.data.media.span import Span
from selavi.data.media.streams import Streams, find_streams, open_video
from selavi.data.media.timeline import Segment, read_packets, read_timeline
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

INDEXED = frozenset(
    {
        "aiff", "asf", "au", "avi", "caf", "flac", "flv", "gxf", "matroska", "mov", "mxf", "tta",
        "w64", "wav", "wv",
    }
)  # fmt: skip
"""Formats that declare their duration, and in which seeking does not guess. For others ffmpeg
estimates it from the bit rate, or from timestamps that may jump."""
TAIL_SECONDS = 1.0  # before the declared end, from where packets are read to verify it
TOLERANCE = 0.5  # seconds by which the packets may end before or after the declared end
ANY = MediaSettings(video="optional", audio="optional")


@dataclass(frozen=True)
class Probe:
    """What a file has.

    Attributes
    ----------
    seconds : float
        Time from the file's beginning to the end of its last stream.
    video : bool
        Whether it has a video stream that can be decoded; cover art is none.
    audio : bool
        Whether it has an audio stream that can be decoded.
    """

    seconds: float
    video: bool
    audio: bool


def probe(path: Path) -> Probe:
    """Find out how long a file is, and what it has, without decoding it.

    A declared duration is used if the file's last packets agree with it; those of files that were
    cut off or recorded live do not. Otherwise all packets are read, which takes as long as reading
    the file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Probe
        Its duration and kinds of streams.

    Raises
    ------
    Rejected
        If the file cannot be opened, has neither video nor audio, or is empty.
    UserError
        If the disk fails.
    """
    streams = find_streams(path, ANY)
    seconds = _declared_seconds(path, streams) or _read_seconds(path, streams)
    if seconds is None:
        raise Rejected("unreadable", "nothing of its video or audio can be read")
    return Probe(seconds, streams.video is not None, bool(streams.audio))


def _declared_seconds(path: Path, streams: Streams) -> float | None:
    """Duration by the header and the last packets, None if they do not agree."""
    if streams.format not in INDEXED or streams.jumps:
        return None
    with open_video(path) as container:
        if not container.duration:
            return None
        end = ((container.start_time or 0) + container.duration) / av.time_base
        try:
            container.seek(max(0, round((end - TAIL_SECONDS) * av.time_base)))
        except (av.error.FFmpegError, OSError):
            return None
        tail = Span()
        wanted = [container.streams[number] for number in streams.numbers]
        for packet in read_packets(container, wanted):
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None and not packet.is_discard:
                tick = float(packet.time_base)
                tail.add(stamp * tick, stamp * tick, (packet.duration or 0) * tick, math.inf)
    agrees = not tail.empty and abs(tail.end - end) <= TOLERANCE
    return tail.end - streams.zero if agrees else None


def _read_seconds(path: Path, streams: Streams) -> float | None:
    """Duration by all packets, None if there are none."""
    timeline = read_timeline(Segment(path), streams)
    spans = [span for span in timeline.spans.values() if span.count]
    if not spans:
        return None
    if timeline.jumped:
        return max(span.total for span in spans) - timeline.missing()
    return max(span.end for span in spans) - streams.zero
