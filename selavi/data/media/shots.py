"""Find the scene changes of a video."""

import logging
import math
import re
import tempfile
from array import array
from collections.abc import Iterable
from pathlib import Path

import ffmpeg
import numpy as np

from selavi.data.media.containers import PROTOCOL, locator
from selavi.data.media.decode import Decoding
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.streams import Streams, find_streams
from selavi.data.media.timeline import LEAD_SECONDS, Segment, Timeline, read_timeline
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

SIZE = 64, 36  # pixels, in which frames are compared
CUT = 6.0, 3.0, 0.5
"""For cuts, between frames as they are: the least difference, on a scale of 0 to 100, how many
times the mean of those nearby it must be, and within how many seconds these are."""
GRADUAL = 10.0, 2.0, 1.0
"""The same for dissolves and fades, between frames at `GRADUAL_RATE`."""
GRADUAL_RATE = 2  # frames per second
NEIGHBOURS = 2  # differences on either side that count at any frame rate
SAME_SECONDS = 1.1  # a gradual change closer to a cut than this is that cut
START_SECONDS = 300.0  # time limit, besides the video's own length
ANY = MediaSettings(audio="none")
LINE = re.compile(r"(pts_time:|lavfi\.scd\.mafd=)(-?[\d.]+)")


def shots(source: Segment) -> list[float]:
    """Times of the scene changes of a video; see `find_shots`."""
    return find_shots(source)[0]


def find_shots(source: Segment) -> tuple[list[float], str]:
    """Find the scene changes of a video, in one pass.

    A scene changes where a frame differs much more from the one before than others nearby do: in
    all frames for cuts, in two per second for dissolves and fades. Differences are the means over
    pixels and colours that ffmpeg's filter `scdet` gives.

    Parameters
    ----------
    source : Segment
        The video, or the part of it to look at.

    Returns
    -------
    times : list of float
        Times of the scene changes, ascending, in seconds from the file's beginning.
    problem : str
        Why a video was not decoded to its end, so that these are not all; else "".

    Raises
    ------
    Rejected
        If the file cannot be opened or has no video.
    UserError
        If the machine is at fault.
    """
    streams = find_streams(source.path, ANY)
    timeline = read_timeline(source, streams)
    length = min(timeline.end, timeline.spans[streams.numbers[0]].end) - timeline.start
    limit = START_SECONDS + max(0.0, length)
    with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
        slow = Path(scratch, "gradual.txt")
        command = _command(source.path, streams, timeline, slow)
        frames, failure = np.zeros((2, 0)), ""
        try:
            with Decoding(command, limit, Path(scratch)) as run:
                assert run.process.stdout
                frames = _differences(map(bytes.decode, iter(run.process.stdout.readline, b"")))
                failure = run.finish(source.path)
        except Rejected as rejected:
            failure = rejected.detail
        if failure:
            log.warning("%s: scene changes are known in part only: %s", source.path, failure)
        text = slow.read_text() if slow.exists() else ""
    cuts = _peaks(frames, CUT)
    gradual = [
        time
        for time in _peaks(_differences(text.splitlines()), GRADUAL)
        if all(abs(time - cut) > SAME_SECONDS for cut in cuts)
    ]
    zero = 0.0 if timeline.jumped else streams.zero
    inside = [time for time in cuts + gradual if timeline.start < time < timeline.end]
    return sorted(time - zero for time in inside), failure


def _command(path: Path, streams: Streams, timeline: Timeline, slow: Path) -> list[str]:
    """The ffmpeg command that prints differences of frames, and writes those of a few to `slow`."""
    options: dict[str, object] = {
        "format": streams.format, "protocol_whitelist": PROTOCOL, "threads": 1,
    }  # fmt: skip
    lead = LEAD_SECONDS[timeline.attempt]
    if lead < math.inf:
        begin = max(0.0, timeline.start - streams.zero - lead)
        options |= {"ss": f"{begin:.6f}", "noaccurate_seek": None}
    frames = ffmpeg.input(locator(path), **options)[str(streams.video)]
    if timeline.end < math.inf:
        frames = frames.filter("trim", end=f"{timeline.end + 1:.6f}")
    both = frames.filter("scale", *SIZE, flags="area").filter("format", "gbrp").split()
    few = both[1].filter("fps", GRADUAL_RATE)
    outputs = [
        ffmpeg.output(
            part.filter("scdet").filter("metadata", "print", key="lavfi.scd.mafd", file=file),
            "-",
            format="null",
        )
        for part, file in ((both[0], "-"), (few, str(slow)))
    ]
    graph = ffmpeg.merge_outputs(*outputs).global_args(
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-filter_threads", "1"),
        *(() if timeline.jumped else ("-copyts",)),
    )
    return list(ffmpeg.compile(graph, cmd=ffmpeg_binary()))


def _differences(lines: Iterable[str]) -> np.ndarray:
    """Times of frames and their differences from those before, (2, n), as `metadata` prints."""
    times, values, latest = array("d"), array("d"), -math.inf
    for line in lines:
        found = LINE.search(line)
        if found and found[1] == "pts_time:":
            latest = max(latest, float(found[2]))
        elif found:
            times.append(latest)
            values.append(float(found[2]))
    return np.array([times, values])


def _peaks(differences: np.ndarray, rule: tuple[float, float, float]) -> list[float]:
    """Times at which a difference is the largest nearby, and stands out from the others."""
    (times, values), (least, ratio, seconds) = differences, rule
    numbers = np.arange(len(times))
    first = np.searchsorted(times, times - seconds, "left")
    last = np.searchsorted(times, times + seconds, "right")
    first = np.maximum(0, np.minimum(first, numbers - NEIGHBOURS))
    last = np.minimum(len(times), np.maximum(last, numbers + 1 + NEIGHBOURS))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    others = (sums[last] - sums[first] - values) / np.maximum(1, last - first - 1)
    high = np.flatnonzero((values >= least) & (values >= ratio * others))
    return [float(times[n]) for n in high if values[n] >= values[first[n] : last[n]].max()]
