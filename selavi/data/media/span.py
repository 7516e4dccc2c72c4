"""The times of one stream's packets."""

import math
from dataclasses import dataclass, field

GAP_SECONDS = 10.0  # ffmpeg's own dts_delta_threshold
TICK = 1e-6  # seconds, for rounding errors: times are sums of fractions
# Packets may be stored in another order than shown, but by no more than the larger of these.
REORDERED_SECONDS, REORDERED_FRAMES = 1.0, 17


@dataclass
class Span:
    """The times of a stream's packets up to a segment's end, in seconds on the file's clock.

    Attributes
    ----------
    first : float
        Time of the first packet.
    last : float
        Time of the last packet.
    end : float
        End of the last packet.
    declared : float
        End of the stream as the file declares, inf if it does not.
    total : float
        Sum of the steps from packet to packet.
    clock : float
        Latest decoding time.
    gaps : list of tuple of float and float
        Pairs of decoding times more than `GAP_SECONDS` apart without a packet between them.
    goes_back : bool
        Whether a decoding time is well before an earlier one.
    encrypted : bool
        Whether packets are encrypted.
    untimed : int
        Number of packets without a timestamp.
    count : int
        Number of packets with a timestamp, those after the segment included.
    """

    first: float = math.inf
    last: float = -math.inf
    end: float = -math.inf
    declared: float = math.inf
    total: float = 0.0
    clock: float = -math.inf
    gaps: list[tuple[float, float]] = field(default_factory=list)
    goes_back: bool = False
    encrypted: bool = False
    untimed: int = 0
    count: int = 0

    def add(self, time: float, order: float, duration: float, limit: float) -> None:
        """Add a packet; one that begins at `limit` or later only ends the span.

        Parameters
        ----------
        time : float
            When the packet is shown, in seconds.
        order : float
            When it is decoded, in seconds.
        duration : float
            Its duration in seconds, 0 if unknown.
        limit : float
            End of the segment, in seconds.
        """
        step = order - self.clock if self.count else 0.0
        mean = self.total / max(1, self.count - 1)
        back = step < -max(REORDERED_SECONDS, REORDERED_FRAMES * mean)
        self.goes_back |= back
        self.count += 1
        self.total += max(0.0, step)
        if step > GAP_SECONDS:
            self.gaps.append((self.clock, order))
        self.clock = order if back else max(self.clock, order)
        if time < limit - TICK:
            self.first, self.last = min(self.first, time), max(self.last, time)
            # Packets without a duration last as long as the mean.
            duration = duration or self.total / max(1, self.count - 1)
            self.end = min(max(self.end, time + duration), limit)
        else:
            self.end = limit

    @property
    def empty(self) -> bool:
        """Whether the segment has no packet."""
        return self.first == math.inf
