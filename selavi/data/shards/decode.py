"""Decode the frames and samples of a stored clip: only those that a view needs."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from selavi.data.media.containers import open_member
from selavi.data.shards.reader import CorruptClip
from selavi.files import UserError


def decode_frames(video: BinaryIO, numbers: np.ndarray, fps: float) -> Iterator[av.VideoFrame]:
    """Decode selected frames of a video of constant frame rate, and no other that they do not need.

    Parameters
    ----------
    video : BinaryIO
        An H.264 mp4 as the shard stage writes it.
    numbers : ndarray
        Numbers of the frames, (n,) int64, ascending, without duplicates.
    fps : float
        Frames per second.

    Yields
    ------
    av.VideoFrame
        The frames, in order.

    Raises
    ------
    CorruptClip
        If a frame is missing or cannot be decoded completely.
    """
    missing = iter(numbers.tolist())
    wanted = next(missing)
    try:
        with open_video(video) as (container, stream):
            # Fail on damaged frames: by default ffmpeg conceals the damage.
            stream.codec_context.options = {"err_detect": "explode"}
            for run in _runs(numbers, fps):
                for number, frame in _decode_run(container, stream, run, fps):
                    if number > wanted or frame.is_corrupt:
                        raise CorruptClip(f"frame {wanted} cannot be decoded")
                    if number == wanted:
                        yield frame
                        wanted = next(missing, -1)
                        if wanted < 0:
                            return
                    if number == run[-1]:
                        break
        raise CorruptClip(f"frame {wanted} is missing")
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        if isinstance(error, (UserError, MemoryError)):  # not the clip's fault
            raise
        problem = getattr(error, "strerror", None) or error
        raise CorruptClip(
            f"frames {numbers[0]} to {numbers[-1]} cannot be decoded: {problem}"
        ) from None


@contextmanager
def open_video(video: BinaryIO) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open an mp4 of a shard, strictly as an mp4.

    Raises
    ------
    CorruptClip
        If the video is not H.264.
    av.error.FFmpegError or IndexError
        If it is not an mp4 with a video stream.
    """
    # Without decoders ffmpeg opens by the header alone; otherwise it would decode a frame.
    with open_member(video, "mp4", codec_whitelist="none") as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name if stream.codec_context else "unknown"
        if codec != "h264":
            raise CorruptClip(f"the video's codec is {codec}, not H.264")
        stream.thread_count = 1
        yield container, stream


def _runs(numbers: np.ndarray, fps: float) -> list[np.ndarray]:
    """Split at gaps of a second or more, where seeking is cheaper than decoding."""
    return np.split(numbers, np.flatnonzero(np.diff(numbers) > fps) + 1)


def _decode_run(
    container: InputContainer, stream: VideoStream, run: np.ndarray, fps: float
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Numbers and frames from the keyframe before the run's first frame to at least its last."""
    assert stream.time_base is not None
    origin, frames_per_tick = stream.start_time or 0, float(stream.time_base) * fps
    if run[0] > 0:
        container.seek(origin + round(run[0] / frames_per_tick), stream=stream)
    decoder, wanted, last = stream.codec_context, set(run.tolist()), int(run[-1])
    for packet in container.demux(stream):
        # A frame is decoded no later than shown, so packets with a later dts are not needed.
        past = packet.dts is None or round((packet.dts - origin) * frames_per_tick) > last
        if not past:
            number = round(((packet.pts or 0) - origin) * frames_per_tick)
            decoder.skip_frame = "DEFAULT" if number in wanted else "NONREF"
        for frame in decoder.decode(None if past else packet):
            yield round(((frame.pts or 0) - origin) * frames_per_tick), frame
        if past:
            return


def decode_samples(audio: BinaryIO, first: int = 0, count: int | None = None) -> np.ndarray:
    """Read samples of a mono 16-bit wave.

    Parameters
    ----------
    audio : BinaryIO
        The wave file.
    first : int
        Number of the first sample.
    count : int, optional
        Number of samples, by default all from `first` on.

    Returns
    -------
    ndarray
        (count,) int16.

    Raises
    ------
    CorruptClip
        If samples are missing or the file is damaged.
    """
    audio.seek(0)
    try:
        with wave.open(audio) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise CorruptClip("the audio is not mono of 16 bits")
            count = file.getnframes() - first if count is None else count
            file.setpos(first)
            content = file.readframes(count)
            samples = np.frombuffer(content[: len(content) // 2 * 2], dtype="<i2")
    except (wave.Error, EOFError, RuntimeError) as error:  # raised if a chunk is cut off
        raise CorruptClip(f"the audio cannot be decoded: {error}") from None
    if len(samples) < count:
        raise CorruptClip(f"the audio ends {count - len(samples)} samples too early")
    return samples
