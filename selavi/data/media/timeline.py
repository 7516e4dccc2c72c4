"""Where the streams of a video lie on the file's clock, by its packets: the truth about lengths."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from selavi.data.media.streams import TELLING, Streams, declared_end, open_video

GAP_SECONDS = 10.0  # ffmpeg's own dts_delta_threshold
TICK = 1e-6  # seconds: times are sums of fractions
FEW = 16  # packets in which to look for an encryption
# Packets may be stored in another order than shown, but not by more than both.
REORDERED_SECONDS, REORDERED_FRAMES = 1.0, 17
INTERLEAVED_SECONDS = 10.0  # streams lie side by side in a file, but for so much
BEFORE = (1.0, 10.0, 60.0, math.inf)
"""Seconds before a segment from which to read; the next, until there is a keyframe before it."""
WHOLE = len(BEFORE) - 1
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
    lasted : what the packets last together. clock : latest time of a packet. gaps : pairs of
    times between which there is none for long. back : whether a time lies well before another.
    timeless : packets that have no time.
    """

    first: float = math.inf
    last: float = -math.inf
    end: float = -math.inf
    declared: float = math.inf
    lasted: float = 0.0
    clock: float = -math.inf
    gaps: list[tuple[float, float]] = field(default_factory=list)
    back: bool = False
    encrypted: bool = False
    timeless: int = 0
    count: int = 0

    def add(self, time: float, order: float, duration: float, limit: float) -> None:
        """Take in a packet; of one that begins at `limit` or later, that there is one.

        time, order : when it is shown and when it is decoded.
        """
        step = order - self.clock if self.count else 0.0
        mean = self.lasted / max(1, self.count - 1)
        back = step < -max(REORDERED_SECONDS, REORDERED_FRAMES * mean)
        self.back |= back
        self.count += 1
        self.lasted += max(0.0, step)
        if step > GAP_SECONDS:
            self.gaps.append((self.clock, order))
        self.clock = order if back else max(self.clock, order)
        if time < limit - TICK:
            self.first, self.last = min(self.first, time), max(self.last, time)
            # Where packets have no duration, the others' mean.
            duration = duration or self.lasted / max(1, self.count - 1)
            self.end = min(max(self.end, time + duration), limit)
        else:
            self.end = limit

    @property
    def empty(self) -> bool:
        """Whether there was no packet."""
        return self.first == math.inf


@dataclass
class Timeline:
    """What the packets of a segment say.

    start, end : the segment, in seconds of the file's clock. spans : by the number of the stream;
    of packets from a little before the segment on. declared : where the last of them ends, as the
    file says. keyframe : time of the last one that is not after the start. width, height : of the
    frames as shown, in square pixels. matrix : of their colours. jumped : the clock jumps, so that
    of times above only start and end say something: on the clock that ffmpeg makes instead, from
    zero on. rung : the place in `BEFORE` from which to read.
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

    @property
    def passed(self) -> bool:
        """Whether nothing of the segment comes any more."""
        clocks = [span.clock for span in self.spans.values()]
        return (
            min(clocks) > self.end + REORDERED_SECONDS
            or max(clocks) > self.end + INTERLEAVED_SECONDS
        )

    @property
    def back(self) -> bool:
        """Whether the clock goes back."""
        return any(span.back for span in self.spans.values())

    def longest_pause(self) -> float:
        """Seconds without a packet of a stream, at the most; before its first, too."""
        spans = [span for span in self.spans.values() if not span.empty]
        steps = [b - a for span in spans for a, b in span.gaps]
        holds = [span.end - span.last for span in spans]
        begins = [span.first for span in spans]
        return max([*steps, *holds, max(begins) - min(begins)], default=0.0)

    def missing(self) -> float:
        """Seconds for which no stream has anything, in all: a clock set forward, or a pause."""
        spans = [span for span in self.spans.values() if span.count]
        common = spans[0].gaps if spans else []
        for span in spans[1:]:
            pairs = itertools.product(common, span.gaps)
            common = [(max(a, c), min(b, d)) for (a, b), (c, d) in pairs if max(a, c) < min(b, d)]
        return sum(b - a for a, b in common if b - a > GAP_SECONDS)


def lay_out(source: Segment, streams: Streams, rung: int = 0) -> Timeline:
    """Read the packets of a segment, and decode one frame to see how it is shown.

    rung : where to begin; a file that is taken from its start is read from there.

    Raises Rejected if the file cannot be opened.
    """
    timeline = _read(source, streams, rung if source.start else WHOLE)
    while timeline.rung < WHOLE and timeline.keyframe == -math.inf:
        timeline = _read(source, streams, timeline.rung + 1)
    if streams.jumps and timeline.rung < WHOLE and not timeline.passed:
        # The file ends before the segment does, unless its clock has gone back before.
        whole = _read(source, streams, WHOLE)
        timeline = whole if whole.jumped else timeline
    if timeline.jumped:
        timeline.start, timeline.rung = source.start or 0.0, WHOLE
        timeline.end = math.inf if source.end is None else source.end
    return timeline


def _read(source: Segment, streams: Streams, rung: int) -> Timeline:
    wanted = (streams.video, *(audio.index for audio in streams.audio))
    with open_video(source.path) as container:
        timeline = Timeline(
            start=streams.zero + (source.start or 0),
            end=math.inf if source.end is None else streams.zero + source.end,
            spans={n: Span(declared=declared_end(container.streams[n])) for n in wanted},
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
        ticks = {n: float(container.streams[n].time_base or 0) for n in wanted}
        for packet in _packets(container, [container.streams[n] for n in wanted]):
            number = packet.stream_index
            span, tick = timeline.spans[number], ticks[number]
            if span.count < FEW:
                span.encrypted |= packet.has_sidedata("encryption_info")
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is None:
                span.timeless += 1
                continue
            if packet.is_discard:
                continue
            time, order = stamp * tick, (stamp if packet.dts is None else packet.dts) * tick
            span.add(time, order, (packet.duration or 0) * tick, timeline.end)
            if number == streams.video:
                if packet.is_keyframe and timeline.keyframe < time <= timeline.start:
                    timeline.keyframe = time
                described = described or _describe(timeline, video, packet)
            # A clock that is set forward may be one that ffmpeg mends.
            if (
                order > timeline.end
                and timeline.passed
                and not (streams.jumps and any(span.gaps for span in timeline.spans.values()))
            ):
                break
        if not described:  # as of a few frames, which the decoder still holds back
            _describe(timeline, video, Packet())
    timeline.jumped = streams.jumps and (timeline.back or timeline.missing() > 0)
    return timeline


def _packets(container: InputContainer, wanted: list[Stream]) -> "Iterator[Packet[Stream]]":
    """Packets with content, to the file's end or to where it cannot be read any further."""
    try:
        for packet in container.demux(wanted):
            if packet.size:
                yield packet
    except (av.error.FFmpegError, OSError):
        return
    except IndexError:  # PyAV at the end of a file in which a further stream has turned up
        return


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
    timeline.width, timeline.height = shown[::-1] if abs(turned) % 180 == 90 else shown
    timeline.matrix = MATRICES.get(int(matrix), "bt601")
    return packet is not None
