"""Decode a video with ffmpeg: small raw frames and mono samples, each with its timestamp."""

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
from selavi.data.media.timeline import LEAD_SECONDS, Timeline
from selavi.data.read_errors import Rejected, check_exit
from selavi.files import UserError
from selavi.settings import MediaSettings

OFFSET_SECONDS = 1000.0  # added to timestamps between ffmpeg and here: nut takes none below zero
PIPE_BYTES = 2**20  # room for several frames, so that ffmpeg seldom waits
MAX_SIDE = 16_384  # pixels
NO_PROBE = {"analyzeduration": "0", "probesize": "32", "fpsprobesize": "0"}


def command_for(
    path: Path,
    streams: Streams,
    track: Audio | None,
    timeline: Timeline,
    settings: MediaSettings,
    audio: Path,
) -> list[str]:
    """Build the ffmpeg command that writes raw frames to its standard output, samples to a file.

    Filters are stateless: ffmpeg rebuilds them, and loses their state, wherever a stream changes
    its size, colours, sample rate or channels.

    Parameters
    ----------
    path : Path
        The video file.
    streams : Streams
        The streams to decode.
    track : Audio or None
        The audio stream to decode, None for no audio.
    timeline : Timeline
        The segment to decode.
    settings : MediaSettings
        Size of the frames and sample rate of the audio.
    audio : Path
        The nut file to which samples are written.
    """
    # One decoding thread: the stage's threads decode several videos at a time.
    input_options: dict[str, object] = {
        "format": streams.format,
        "protocol_whitelist": PROTOCOL,
        "threads": 1,
    }
    if LEAD_SECONDS[timeline.attempt] < math.inf:
        begin = max(0.0, timeline.start - streams.zero - LEAD_SECONDS[timeline.attempt])
        # Fixed point: ffmpeg does not parse exponents.
        input_options |= {"ss": f"{begin:.6f}", "noaccurate_seek": None}
    source = ffmpeg.input(locator(path), **input_options)
    output_options = {"fflags": "+bitexact", "map_metadata": -1, "format": "nut"}
    outputs = []
    if streams.video is not None:
        outputs.append(
            ffmpeg.output(
                source[str(streams.video)],
                "pipe:1",
                vcodec="rawvideo",
                vf=_video_filters(timeline, settings),
                pix_fmt="yuv420p",
                fps_mode="passthrough",
                enc_time_base="1:90000",
                **output_options,
            )
        )
    if track is not None:
        outputs.append(
            ffmpeg.output(
                source[str(track.index)],
                str(audio),
                acodec="pcm_s16le",
                af=_audio_filters(track, timeline, settings),
                **output_options,
            )
        )
    graph = ffmpeg.merge_outputs(*outputs).global_args(
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1"),
        # Keep the file's own timestamps; where they jump, let ffmpeg correct them.
        *(() if timeline.jumped else ("-copyts",)),
    )
    return list(ffmpeg.compile(graph, cmd=ffmpeg_binary()))


def stored_size(timeline: Timeline, settings: MediaSettings) -> tuple[int, int]:
    """Width and height of the stored frames in square pixels: both even, never enlarged.

    Raises
    ------
    Rejected
        If the frames are too large for any encoder.
    """
    shown = timeline.width, timeline.height
    if max(shown) > MAX_SIDE:
        raise Rejected("decode-failed", f"its frames of {shown[0]:g} x {shown[1]:g} are too large")
    short = max(2, int(min(settings.short_side, *shown) / 2) * 2)
    ratio = max(shown) / max(1.0, min(shown))
    long = max(2, math.floor(short * ratio / 2 + 0.5) * 2)
    return (long, short) if shown[0] > shown[1] else (short, long)


def _video_filters(timeline: Timeline, settings: MediaSettings) -> str:
    width, height = stored_size(timeline, settings)
    # Joined videos may have frames of another shape than the first: fit them in, with bars.
    ratio, shape = "(iw*sar/ih)", timeline.width / max(1.0, timeline.height)
    same = f"lt(abs({ratio}/{shape:.6g}-1),0.02)"
    fit_width = f"if({same},{width},max(2,min({width},round({height}*{ratio}/2)*2)))"
    fit_height = f"if({same},{height},max(2,min({height},round({width}/{ratio}/2)*2)))"
    scale = (
        f"scale=w='{fit_width}':h='{fit_height}':flags=bilinear:"
        # Phones and MJPEG have full range; the reader of shards expects limited range.
        f"out_range=tv:out_color_matrix={timeline.matrix}"
    )
    bars = f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1"
    needed = timeline.needed_from  # the first frame shows whether ffmpeg began early enough
    select = [f"select='eq(n,0)+gte(t,{needed:.6f})'"] if needed > -math.inf else []
    times = [*select, *_trim("trim", timeline)]
    return ",".join([*times, scale, bars, f"setpts=PTS+{OFFSET_SECONDS:g}/TB"])


def _audio_filters(track: Audio, timeline: Timeline, settings: MediaSettings) -> str:
    mix = [f"{1 / track.channels:.6f}*c{n}" for n in range(track.channels)]
    return ",".join(
        [
            *_trim("atrim", timeline),
            *([f"pan=mono|c0={'+'.join(mix)}"] if mix else []),
            f"aformat=sample_fmts=s16:channel_layouts=mono:sample_rates={settings.audio_rate}",
            f"asetpts=PTS+{OFFSET_SECONDS:g}/TB",
        ]
    )


def _trim(name: str, timeline: Timeline) -> list[str]:
    """Filter that ends decoding soon after the segment."""
    # A second more: ffmpeg rounds the time to the stream's ticks.
    return [f"{name}=end={timeline.end + 1:.6f}"] if timeline.end < math.inf else []


class Decoding:
    """A running ffmpeg, a context manager that kills it if its block raises.

    Parameters
    ----------
    command : list of str
        The command of `command_for`.
    seconds : float
        Time limit.
    scratch : Path
        Folder for ffmpeg's messages.
    """

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
        with suppress(OSError):  # the kernel limits the pipe buffers of unprivileged users
            fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.timed_out = threading.Event()
        self.timer = threading.Timer(seconds, self._time_out)

    def _time_out(self) -> None:
        self.timed_out.set()
        self.process.kill()

    def __enter__(self) -> Self:
        try:
            self.timer.start()
        except BaseException:  # for example if no thread can be started
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
        """Frames with their timestamps in seconds, up to where ffmpeg stops."""
        assert self.process.stdout
        try:
            with av.open(
                f"pipe:{self.process.stdout.fileno()}", "r", format="nut", options=NO_PROBE
            ) as container:
                for frame in container.decode(video=0):
                    yield frame.time - OFFSET_SECONDS, frame
        except (av.error.FFmpegError, IndexError):  # no frame, or cut off within one
            return

    def until_timeout(self, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """The frames, up to the time limit: one frame may repeat for long after ffmpeg ended."""
        for frame in frames:
            if self.timed_out.is_set():
                return
            yield frame

    def finish(self, path: Path) -> str:
        """Wait for ffmpeg to end.

        Returns
        -------
        str
            Why ffmpeg failed, "" if it succeeded.

        Raises
        ------
        Rejected
            If ffmpeg timed out or crashed.
        UserError
            If the machine is at fault.
        """
        status = self.process.wait()
        self.timer.cancel()
        messages = self.errors.read_text("utf-8", "replace").strip()
        if self.timed_out.is_set():
            raise Rejected("timeout", f"ffmpeg was ended after {self.seconds:g} seconds")
        if "No space left on device" in messages:
            raise UserError(
                f"no space left in the temporary folder {self.scratch.parent}; free some, or set "
                "TMPDIR to a larger disk, then run the same command again"
            )
        check_exit(path, status, bool(messages))
        return _most_frequent(messages) if status else ""


def read_samples(audio: Path, zero: float, rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Read the samples that ffmpeg wrote, packet by packet.

    Parameters
    ----------
    audio : Path
        The nut file.
    zero : float
        Time of sample 0, in seconds.
    rate : int
        Sample rate in Hz.

    Yields
    ------
    tuple of int and ndarray
        Number of a packet's first sample by its timestamp, and the packet's samples, (n,) int16.
    """
    if not audio.exists() or not audio.stat().st_size:
        return
    try:
        with av.open(str(audio), "r", format="nut", options=NO_PROBE) as container:
            for packet in container.demux(audio=0):
                if packet.size and packet.pts is not None:
                    time = float(packet.pts * packet.time_base) - OFFSET_SECONDS - zero
                    yield round(time * rate), np.frombuffer(bytes(packet), "<i2")
    except (av.error.FFmpegError, IndexError):
        return


def _most_frequent(messages: str) -> str:
    """The most frequent message, without memory addresses, which differ from run to run."""
    lines = Counter(re.sub(r" @ (0x)?[0-9a-f]+\]", "]", line) for line in messages.splitlines())
    most = max(lines.values(), default=0)
    return min((line for line, count in lines.items() if count == most), default="no message")
