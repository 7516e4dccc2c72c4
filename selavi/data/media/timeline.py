"""When each stream of a video begins and ends, by the timestamps of its packets.

Durations in a file's header are often wrong; those of the packets are what a decoder gets.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from selavi.data.media.span import GAP_SECONDS, REORDERED_SECONDS, Span
from selavi.data.media.streams import FILE_DURATION_ONLY, Streams, declared_end, open_video

ENCRYPTION_PACKETS = 16  # first packets of a stream that are checked for encryption
HELD_SECONDS = 1.0  # before the last frame before a segment, which may be damaged
INTERLEAVED_SECONDS = 10.0  # by which one stream may be stored ahead of another
LEAD_SECONDS = (1.0, 10.0, 60.0, math.inf)
"""How long before a segment to begin to read, by attempt, until a keyframe precedes the segment."""
WHOLE_FILE = len(LEAD_SECONDS) - 1
MATRICES = {1: "bt709", 7: "smpte240m", 9: "bt2020"}


@dataclass(frozen=True)
class Segment:
    """A part of a video file.

    Attributes
    ----------
    path : Path
        The file.
    start : float or None
        Its beginning, in seconds from the file's; None for the file's beginning.
    end : float or None
        Its end, in seconds from the file's beginning; None for the file's end.
    """

    path: Path
    start: float | None = None
    end: float | None = None


@dataclass
class Timeline:
    """A segment of a file as its packets have it.

    Attributes
    ----------
    start : float
        Beginning of the segment, in seconds on the file's clock.
    end : float
        End of the segment, in seconds on the file's clock.
    spans : dict of int to Span
        The spans of the streams, by stream number, from a little before the segment on.
    declared : float
        End of the file as it declares, inf if it does not.
    keyframe : float
        Time of the last keyframe of the first stream that is not after `start`.
    before : float
        Time of the last packet of the first stream that is not after `start`.
    width : float
        Width of the frames as shown, in square pixels.
    height : float
        Height of the frames as shown, in square pixels.
    matrix : str
        Colour matrix.
    jumped : bool
        Whether timestamps jump. Then only `start` and `end` are valid, on the corrected clock of
        ffmpeg, which begins at 0.
    attempt : int
        Index into `LEAD_SECONDS`: how long before the segment the file is read.
    """

    start: float
    end: float
    spans: dict[int, Span]
    declared: float = math.inf
    keyframe: float = -math.inf
    before: float = -math.inf
    width: float = 0.0
    height: float = 0.0
    matrix: str = "bt601"
    jumped: bool = False
    attempt: int = WHOLE_FILE

    @property
    def needed_from(self) -> float:
        """Time from which frames are used; only decoders need those before. -inf if unknown."""
        return -math.inf if self.attempt == WHOLE_FILE else self.before - HELD_SECONDS

    @property
    def is_past(self) -> bool:
        """Whether no further packet can belong to the segment."""
        clocks = [span.clock for span in self.spans.values()]
        return (
            min(clocks) > self.end + REORDERED_SECONDS
            or max(clocks) > self.end + INTERLEAVED_SECONDS
        )

    @property
    def goes_back(self) -> bool:
        """Whether timestamps go back."""
        return any(span.goes_back for span in self.spans.values())

    def longest_pause(self) -> float:
        """Longest time in seconds without a packet of a stream, also before its first."""
        spans = [span for span in self.spans.values() if not span.empty]
        steps = [b - a for span in spans for a, b in span.gaps]
        holds = [span.end - span.last for span in spans]
        begins = [span.first for span in spans]
        return max([*steps, *holds, max(begins) - min(begins)], default=0.0)

    def missing(self) -> float:
        """Total time in seconds of the gaps that all streams share: a forward jump, or a pause."""
        spans = [span for span in self.spans.values() if span.count]
        common = spans[0].gaps if spans else []
        for span in spans[1:]:
            pairs = itertools.product(common, span.gaps)
            common = [(max(a, c), min(b, d)) for (a, b), (c, d) in pairs if max(a, c) < min(b, d)]
        return sum(b - a for a, b in common if b - a > GAP_SECONDS)


def read_timeline(source: Segment, streams: Streams, attempt: int = 0) -> Timeline:
    """Read the packets of a segment, and decode one frame for its size and colours.

    Parameters
    ----------
    source : Segment
        The segment.
    streams : Streams
        The streams of its file.
    attempt : int
        Index into `LEAD_SECONDS` to begin with; ignored for a segment from the file's beginning.

    Raises
    ------
    Rejected
        If the file cannot be opened.
    UserError
        If the disk fails.
    """
    timeline = _read(source, streams, attempt if source.start else WHOLE_FILE)
    while timeline.attempt < WHOLE_FILE and timeline.keyframe == -math.inf:
        timeline = _read(source, streams, timeline.attempt + 1)
    if streams.jumps and timeline.attempt < WHOLE_FILE and not timeline.is_past:
        # Either the file ends within the segment, or an earlier jump has moved the segment.
        whole = _read(source, streams, WHOLE_FILE)
        timeline = whole if whole.jumped else timeline
    if timeline.jumped:
        timeline.start, timeline.attempt = source.start or 0.0, WHOLE_FILE
        timeline.end = math.inf if source.end is None else source.end
    return timeline


def _read(source: Segment, streams: Streams, attempt: int) -> Timeline:
    wanted = streams.numbers
    with open_video(source.path) as container:
        timeline = Timeline(
            start=streams.zero + (source.start or 0),
            end=math.inf if source.end is None else streams.zero + source.end,
            spans={n: Span(declared=declared_end(container.streams[n])) for n in wanted},
            declared=_declared_in_all(container, wanted),
            attempt=attempt,
        )
        video = None if streams.video is None else container.streams[streams.video]
        described = _describe(timeline, video)
        if attempt < WHOLE_FILE:
            try:
                container.seek(round((timeline.start - LEAD_SECONDS[attempt]) * av.time_base))
            except (av.error.FFmpegError, OSError):
                return timeline
        ticks = {n: float(container.streams[n].time_base or 0) for n in wanted}
        for packet in read_packets(container, [container.streams[n] for n in wanted]):
            number = packet.stream_index
            span, tick = timeline.spans[number], ticks[number]
            if span.count < ENCRYPTION_PACKETS:
                span.encrypted |= packet.has_sidedata("encryption_info")
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is None:
                span.untimed += 1
                continue
            if packet.is_discard:
                continue
            time, order = stamp * tick, (stamp if packet.dts is None else packet.dts) * tick
            span.add(time, order, (packet.duration or 0) * tick, timeline.end)
            if number == wanted[0]:
                if timeline.before < time <= timeline.start:
                    timeline.before = time
                if packet.is_keyframe and timeline.keyframe < time <= timeline.start:
                    timeline.keyframe = time
                described = described or _describe(timeline, video, packet)
            # Past a forward jump, which ffmpeg may correct, the segment can still continue.
            if (
                order > timeline.end
                and timeline.is_past
                and not (streams.jumps and any(span.gaps for span in timeline.spans.values()))
            ):
                break
        if not described:  # the decoder may hold back the only frames there are: flush it
            _describe(timeline, video, Packet())
    timeline.jumped = streams.jumps and (timeline.goes_back or timeline.missing() > 0)
    return timeline


def read_packets(container: InputContainer, wanted: list[Stream]) -> "Iterator[Packet[Stream]]":
    """Packets with content, up to the file's end or the first that cannot be read."""
    try:
        for packet in container.demux(wanted):
            if packet.size:
                yield packet
    except (av.error.FFmpegError, OSError):
        return
    except IndexError:  # raised by PyAV at the end of a file that gained a stream while read
        return


def _declared_in_all(container: InputContainer, wanted: list[int]) -> float:
    """End of the last stream as the file declares, inf if ffmpeg would only guess it."""
    declares = container.format.name.split(",")[0] in FILE_DURATION_ONLY
    if not (declares and len(container.streams) == len(wanted) and container.duration):
        return math.inf
    return ((container.start_time or 0) + container.duration) / av.time_base


def _describe(
    timeline: Timeline, video: Stream | None, packet: "Packet[Stream] | None" = None
) -> bool:
    """Set size and colours by the file's header, or by a packet's frame if one can be decoded.

    Returns whether no further packet is needed.
    """
    if not isinstance(video, VideoStream):
        return True
    context = video.codec_context
    if packet is None:
        context.thread_count = 1
    width, height, matrix, rotation = context.width, context.height, context.colorspace, 0
    if packet is not None:
        try:
            frame = next(iter(context.decode(packet)), None)
        except (av.error.FFmpegError, OSError, ValueError):
            return False
        if frame is None:
            return False
        width, height, matrix = frame.width, frame.height, frame.colorspace
        rotation = frame.rotation
    shown = width * float(video.sample_aspect_ratio or 1), float(height)
    timeline.width, timeline.height = shown[::-1] if abs(rotation) % 180 == 90 else shown
    timeline.matrix = MATRICES.get(int(matrix), "bt601")
    return packet is not None
