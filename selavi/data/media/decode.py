"""Decode a video with ffmpeg: small raw frames and mono samples, each with its time."""

import fcntl
import math
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import ffmpeg
import numpy as np

from selavi.data.media.containers import PROTOCOL, locator
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.streams import Audio, Streams
from selavi.data.media.timeline import BEFORE, Timeline
from selavi.data.read_errors import Rejected, check_exit
from selavi.files import UserError
from selavi.settings import MediaSettings

LATER = 1000.0  # seconds that times are moved by on their way, as the files take none below zero
PIPE = 2**20  # bytes: some frames, so that ffmpeg seldom waits
LARGEST = 16_384  # pixels of a side
NO_PROBE = {"analyzeduration": "0", "probesize": "32", "fpsprobesize": "0"}


def command_for(
    path: Path,
    streams: Streams,
    track: Audio | None,
    timeline: Timeline,
    settings: MediaSettings,
    audio: Path,
) -> list[str]:
    """The ffmpeg command that writes raw frames to its standard output and samples to `audio`.

    Each stream has its own filters, and they are stateless: ffmpeg rebuilds them, and loses their
    state, wherever a stream changes its size, colours, sample rate or channels.
    """
    # One decoding thread: the stage's threads are videos at a time.
    how: dict[str, object] = {
        "format": streams.format,
        "protocol_whitelist": PROTOCOL,
        "threads": 1,
    }
    if BEFORE[timeline.rung] < math.inf:
        begin = max(0.0, timeline.start - streams.zero - BEFORE[timeline.rung])
        how |= {"ss": f"{begin:.6f}", "noaccurate_seek": None}  # it reads no exponents
    read = ffmpeg.input(locator(path), **how)
    exact = {"fflags": "+bitexact", "map_metadata": -1, "format": "nut"}
    outputs = [
        ffmpeg.output(
            read[str(streams.video)],
            "pipe:1",
            vcodec="rawvideo",
            vf=_video_filters(timeline, settings),
            pix_fmt="yuv420p",
            fps_mode="passthrough",
            enc_time_base="1:90000",
            **exact,
        )
    ]
    if track is not None:
        outputs.append(
            ffmpeg.output(
                read[str(track.index)],
                str(audio),
                acodec="pcm_s16le",
                af=_audio_filters(track, timeline, settings),
                **exact,
            )
        )
    whole = ffmpeg.merge_outputs(*outputs).global_args(
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1"),
        # The file's own clock; where that jumps, ffmpeg mends it.
        *(() if timeline.jumped else ("-copyts",)),
    )
    return list(ffmpeg.compile(whole, cmd=ffmpeg_binary()))


def stored_size(timeline: Timeline, settings: MediaSettings) -> tuple[int, int]:
    """Width and height of the stored frames: square pixels, both even, nothing enlarged.

    Raises Rejected if no encoder takes them.
    """
    shown = timeline.width, timeline.height
    if max(shown) > LARGEST:
        raise Rejected("decode-failed", f"its frames of {shown[0]:g} x {shown[1]:g} are too large")
    short = max(2, int(min(settings.short_side, *shown) / 2) * 2)
    ratio = max(shown) / max(1.0, min(shown))
    long = max(2, math.floor(short * ratio / 2 + 0.5) * 2)
    return (long, short) if shown[0] > shown[1] else (short, long)


def _video_filters(timeline: Timeline, settings: MediaSettings) -> str:
    width, height = stored_size(timeline, settings)
    # A frame of another shape than the first, as in joined videos, is fitted in, with bars.
    ratio, shape = "(iw*sar/ih)", timeline.width / max(1.0, timeline.height)
    same = f"lt(abs({ratio}/{shape:.6g}-1),0.02)"
    fit_width = f"if({same},{width},max(2,min({width},round({height}*{ratio}/2)*2)))"
    fit_height = f"if({same},{height},max(2,min({height},round({width}/{ratio}/2)*2)))"
    scale = (
        f"scale=w='{fit_width}':h='{fit_height}':flags=bilinear:"
        # Phones and MJPEG have full range; decoding takes limited for granted.
        f"out_range=tv:out_color_matrix={timeline.matrix}"
    )
    bars = f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1"
    return ",".join([*_cut("trim", timeline), scale, bars, f"setpts=PTS+{LATER:g}/TB"])


def _audio_filters(track: Audio, timeline: Timeline, settings: MediaSettings) -> str:
    mix = [f"{1 / track.channels:.6f}*c{n}" for n in range(track.channels)]
    return ",".join(
        [
            *_cut("atrim", timeline),
            *([f"pan=mono|c0={'+'.join(mix)}"] if mix else []),
            f"aformat=sample_fmts=s16:channel_layouts=mono:sample_rates={settings.audio_rate}",
            f"asetpts=PTS+{LATER:g}/TB",
        ]
    )


def _cut(name: str, timeline: Timeline) -> list[str]:
    """So that ffmpeg ends soon after the segment does; it rounds the time to the stream's ticks."""
    return [f"{name}=end={timeline.end + 1:.6f}"] if timeline.end < math.inf else []


class Decoding:
    """A running ffmpeg; it is ended with the block that it is opened in."""

    def __init__(self, command: list[str], seconds: float, scratch: Path) -> None:
        self.seconds = seconds
        self.scratch = scratch
        self.errors = scratch / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                bufsize=0,
            )  # fmt: skip
        assert self.process.stdout
        with suppress(OSError):  # an unprivileged user may have little of it
            fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        self.late = threading.Event()
        self.timer = threading.Timer(seconds, self._end)

    def _end(self) -> None:
        self.late.set()
        self.process.kill()

    def __enter__(self) -> Self:
        try:
            self.timer.start()
        except BaseException:  # such as no further thread
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.timer.cancel()
        if kind is not None:
            self.process.kill()
        assert self.process.stdout
        self.process.stdout.close()
        self.process.wait()

    def frames(self) -> Iterator[tuple[float, av.VideoFrame]]:
        """Frames, with their times in seconds, as far as ffmpeg gives any."""
        assert self.process.stdout
        try:
            with av.open(
                f"pipe:{self.process.stdout.fileno()}", "r", format="nut", options=NO_PROBE
            ) as container:
                for frame in container.decode(video=0):
                    yield frame.time - LATER, frame
        except (av.error.FFmpegError, IndexError):  # no frame, or ended within one
            return

    def in_time(self, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """The frames, until the time is up: a frame may stand for long after ffmpeg has ended."""
        for frame in frames:
            if self.late.is_set():
                return
            yield frame

    def finish(self, path: Path) -> str:
        """Wait for it to end. Returns why it gave up, "" if it did not.

        Raises Rejected if it took too long or crashed, UserError if the machine is at fault.
        """
        status = self.process.wait()
        self.timer.cancel()
        said = self.errors.read_text("utf-8", "replace").strip()
        if self.late.is_set():
            raise Rejected("timeout", f"ffmpeg was ended after {self.seconds:g} seconds")
        if "No space left on device" in said:
            raise UserError(
                f"no space left in the temporary folder {self.scratch.parent}; free some, or point "
                "TMPDIR to a larger disk, then run the same command again"
            )
        check_exit(path, status, bool(said))
        return _cause(said) if status else ""


def stretches(audio: Path, zero: float, rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Samples that ffmpeg wrote, each stretch with the number of its first from `zero` on."""
    if not audio.exists() or not audio.stat().st_size:
        return
    try:
        with av.open(str(audio), "r", format="nut", options=NO_PROBE) as container:
            for packet in container.demux(audio=0):
                if packet.size and packet.pts is not None:
                    time = float(packet.pts * packet.time_base) - LATER - zero
                    yield round(time * rate), np.frombuffer(bytes(packet), "<i2")
    except (av.error.FFmpegError, IndexError):
        return


def _cause(said: str) -> str:
    """What ffmpeg complained of most, without what differs from run to run."""
    lines = Counter(re.sub(r" @ (0x)?[0-9a-f]+\]", "]", line) for line in said.splitlines())
    most = max(lines.values(), default=0)
    return min((line for line, count in lines.items() if count == most), default="no message")
