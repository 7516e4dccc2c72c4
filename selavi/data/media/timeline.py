"""Where the streams of a video lie on the file's clock, by its packets: the truth about lengths."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from selavi.data.media.streams import Streams, declared_seconds, open_video

JUMP_SECONDS = 10.0  # ffmpeg's own dts_delta_threshold
REORDERED_SECONDS = 1.0  # packets are stored in another order than shown, but for so much
INTERLEAVED_SECONDS = 10.0  # streams lie side by side in a file, but for so much
BEFORE = (1.0, 10.0, 60.0, math.inf)
"""Seconds before a segment from which to read; the next, until there is a keyframe before it."""
WHOLE = len(BEFORE) - 1
TELLING = ("flv", "matroska", "asf")  # formats whose header has the length of the file as a whole
MATRICES = {1: "bt709", 7: "smpte240m", 9: "bt2020"}


@dataclass(frozen=True)
class Segment:
    """What to take of a file: from `start` to `end`, in seconds; None is the file's own."""

    path: Path
    start: float | None = None
    end: float | None = None


@dataclass
class Span:
    """Where a stream's packets lie, in seconds of the file's clock.

    first, last : times of the first and the last. end : where the last one ends; all within the
    segment, or before it. declared : where the stream ends as the file says, inf if it does not.
    """

    first: float = math.inf
    last: float = -math.inf
    end: float = -math.inf
    declared: float = math.inf
    encrypted: bool = False

    def add(self, time: float, duration: float, limit: float) -> None:
        """Take in a packet; of one that begins at `limit` or later, that there is one."""
        if time < limit:
            self.first, self.last = min(self.first, time), max(self.last, time)
        self.end = min(max(self.end, time + duration), limit)

    @property
    def empty(self) -> bool:
        """Whether there was no packet."""
        return self.first == math.inf


@dataclass
class Timeline:
    """What the packets of a segment say.

    start, end : the segment, in seconds of the file's clock. spans : by the number of the stream;
    of packets from a little before the segment on. declared : where the last of them ends, as the
    file says. keyframe : time of the last one that is not
    after the start. width, height : of the frames as shown, in square pixels. matrix : of their
    colours. jumped : the clock jumps, so that of times above only start and end say something: on
    the clock that ffmpeg makes instead, from zero on. lasted : seconds of each stream's packets,
    without jumps. rung : the place in `BEFORE` from which to read.
    """

    start: float
    end: float
    spans: dict[int, Span]
    declared: float = math.inf
    keyframe: float = -math.inf
    width: float = 0.0
    height: float = 0.0
    matrix: str = "bt601"
    jumped: bool = False
    rung: int = WHOLE
    lasted: dict[int, float] = field(default_factory=dict)
    _clocks: dict[int, float] = field(default_factory=dict)

    def clock(self, stream: int, time: float, may_jump: bool) -> None:
        """Note that a stream has come to `time`."""
        step = time - self._clocks.get(stream, time)
        jumps = may_jump and not -REORDERED_SECONDS < step < JUMP_SECONDS
        self.jumped |= jumps
        self.lasted[stream] = self.lasted.get(stream, 0.0) + (0.0 if jumps else max(0.0, step))
        self._clocks[stream] = time

    @property
    def passed(self) -> bool:
        """Whether nothing of the segment comes any more."""
        times = self._clocks.values()
        all_there = len(times) == len(self.spans)
        return (all_there and min(times) > self.end + REORDERED_SECONDS) or (
            bool(times) and max(times) > self.end + INTERLEAVED_SECONDS
        )


def lay_out(source: Segment, streams: Streams, rung: int = 0) -> Timeline:
    """Read the packets of a segment, and decode one frame to see how it is shown.

    rung : where to begin; a file that is taken from its start is read from there.

    Raises Rejected if the file cannot be opened.
    """
    timeline = _read(source, streams, rung if source.start else WHOLE)
    while timeline.rung < WHOLE and timeline.keyframe == -math.inf:
        timeline = _read(source, streams, timeline.rung + 1)
    if timeline.jumped:
        timeline.start, timeline.rung = source.start or 0.0, WHOLE
        timeline.end = math.inf if source.end is None else source.end
    return timeline


def _read(source: Segment, streams: Streams, rung: int) -> Timeline:
    wanted = (streams.video, *(audio.index for audio in streams.audio))
    with open_video(source.path) as container:
        end = math.inf if source.end is None else streams.zero + source.end
        timeline = Timeline(
            start=streams.zero + (source.start or 0),
            end=end,
            spans={n: Span(declared=_declared(container, n)) for n in wanted},
            declared=_declared_in_all(container, wanted),
            rung=rung,
        )
        video = container.streams[streams.video]
        assert isinstance(video, VideoStream)
        video.codec_context.thread_count = 1
        described = _describe(timeline, video)
        if rung < WHOLE:
            try:
                container.seek(round((timeline.start - BEFORE[rung]) * av.time_base))
            except (av.error.FFmpegError, OSError):
                return timeline
        for packet in _packets(container, [container.streams[n] for n in wanted]):
            number, tick = packet.stream_index, float(packet.time_base or 0)
            stamp = packet.pts if packet.pts is not None else packet.dts
            span = timeline.spans[number]
            span.encrypted |= packet.has_sidedata("encryption_info")
            if stamp is None or packet.is_discard:
                continue
            span.add(stamp * tick, (packet.duration or 0) * tick, timeline.end)
            order = stamp if packet.dts is None else packet.dts
            timeline.clock(number, order * tick, streams.jumps)
            if number == streams.video:
                if packet.is_keyframe and timeline.keyframe < stamp * tick <= timeline.start:
                    timeline.keyframe = stamp * tick
                described = described or _describe(timeline, video, packet)
            if timeline.passed:
                break
        if not described:  # as of a few frames, which the decoder still holds back
            _describe(timeline, video, Packet())
    return timeline


def _packets(container: InputContainer, wanted: list[Stream]) -> "Iterator[Packet[Stream]]":
    """Packets with content, to the file's end or to where it cannot be read any further."""
    try:
        for packet in container.demux(wanted):
            if packet.size:
                yield packet
    except (av.error.FFmpegError, OSError):
        return


def _declared(container: InputContainer, number: int) -> float:
    """Where a stream ends as the file says."""
    stream = container.streams[number]
    seconds, begins = declared_seconds(stream), (stream.start_time or 0) * (stream.time_base or 0)
    return seconds + float(begins) if seconds else math.inf


def _declared_in_all(container: InputContainer, wanted: tuple[int, ...]) -> float:
    """Where the last of the streams ends as the file says; by guesses, ffmpeg has others too."""
    told = container.format.name.split(",")[0] in TELLING and len(container.streams) == len(wanted)
    if not (told and container.duration):
        return math.inf
    return ((container.start_time or 0) + container.duration) / av.time_base


def _describe(
    timeline: Timeline, video: VideoStream, packet: "Packet[Stream] | None" = None
) -> bool:
    """Note how frames look: by the first that can be decoded, until then by the file's header."""
    context = video.codec_context
    width, height, matrix, turned = context.width, context.height, context.colorspace, 0
    if packet is not None:
        try:
            frame = next(iter(context.decode(packet)), None)
        except (av.error.FFmpegError, OSError, ValueError):
            return False
        if frame is None:
            return False
        width, height, matrix, turned = frame.width, frame.height, frame.colorspace, frame.rotation
    shown = width * float(video.sample_aspect_ratio or 1), float(height)
    timeline.width, timeline.height = shown[::-1] if turned % 180 else shown
    timeline.matrix = MATRICES.get(int(matrix), "bt601")
    return packet is not None
