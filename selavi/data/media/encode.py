"""Encode normalised frames and samples as shards hold them: the same bytes every time."""

import io
import wave
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags

from selavi.settings import MediaSettings

MATRIX_NUMBERS = {"bt709": 1, "bt601": 6, "smpte240m": 7, "bt2020": 9}  # ITU-T H.273, table 4


def encoder_options(settings: MediaSettings) -> dict[str, str]:
    """Options of libx264."""
    return {
        "preset": "veryfast",
        "tune": "fastdecode",  # half the decoding time for 6% more bytes at the same quality
        "crf": str(settings.crf),
        "g": str(max(1, round(settings.keyframe_seconds * settings.fps))),
        # One thread and no macroblock tree: the same bytes every time, on CPUs of one kind.
        "x264-params": "threads=1:mbtree=0",
    }


def encode_video(
    frames: Iterable[av.VideoFrame], width: int, height: int, matrix: str, settings: MediaSettings
) -> tuple[bytes, int]:
    """An H.264 mp4 of yuv420p frames at the constant rate, and how many there are."""
    result = io.BytesIO()
    rate = Fraction(str(settings.fps))
    count = 0
    with av.open(result, "w", format="mp4", options={"fflags": "+bitexact"}) as target:
        stream = target.add_stream("libx264", rate=rate, options=encoder_options(settings))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.flags |= Flags.bitexact
        context.colorspace, context.color_range = MATRIX_NUMBERS[matrix], 1
        for frame in frames:
            frame.pts, frame.time_base = count, 1 / rate
            frame.pict_type = 0  # of raw frames each is called a keyframe
            target.mux(stream.encode(frame))
            count += 1
        if count:
            target.mux(stream.encode(None))
    return result.getvalue(), count


def encode_audio(samples: np.ndarray, rate: int) -> bytes:
    """A mono wave of (n,) int16."""
    result = io.BytesIO()
    with wave.open(result, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return result.getvalue()
