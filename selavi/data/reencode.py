"""Re-encode the video or audio of a clip at a lower quality, in memory."""

import io
import wave
from fractions import Fraction

import av
import numpy as np

from selavi.data.media.containers import open_member
from selavi.data.media.encode import encode_audio
from selavi.data.shards.decode import decode_samples, open_video
from selavi.data.shards.reader import CorruptClip
from selavi.settings import AudioLevel, VideoLevel


def degrade_video(content: bytes, level: VideoLevel) -> tuple[bytes, int, int]:
    """Re-encode an mp4 of a shard with smaller frames and a coarser quantiser.

    The number of frames and their times stay; frames smaller than the level's keep their size.

    Parameters
    ----------
    content : bytes
        The mp4.
    level : VideoLevel
        Short side in pixels and quantiser (CRF) of the result.

    Returns
    -------
    tuple of bytes, int and int
        The mp4, and the width and height of its frames in pixels.

    Raises
    ------
    CorruptClip
        If a frame cannot be decoded.
    """
    result = io.BytesIO()
    try:
        with (
            open_video(io.BytesIO(content)) as (source, frames),
            av.open(result, "w", format="mp4") as target,
        ):
            rate = frames.average_rate or Fraction(25)
            ratio = min(1.0, level.short_side / min(frames.width, frames.height))
            width, height = (
                max(2, round(s * ratio / 2) * 2) for s in (frames.width, frames.height)
            )
            stream = target.add_stream("libx264", rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {
                "crf": str(level.crf),
                "preset": "veryfast",
                "g": str(max(1, round(rate / 2))),
                "x264-params": "threads=1:mbtree=0",  # the same bytes every time
            }
            for number, frame in enumerate(source.decode(frames)):
                small = frame.reformat(width, height, "yuv420p", interpolation="BILINEAR")
                small.pts, small.time_base = number, 1 / rate
                target.mux(stream.encode(small))
            target.mux(stream.encode(None))
    except (av.error.FFmpegError, IndexError, ZeroDivisionError) as error:  # 0 pixels wide
        raise CorruptClip(f"the video cannot be decoded: {error!r}") from None
    return result.getvalue(), width, height


def degrade_audio(content: bytes, level: AudioLevel, seed: int) -> tuple[bytes, int]:
    """Add white noise to a wave of a shard, and pass it through a lossy codec.

    Sample rate and length stay.

    Parameters
    ----------
    content : bytes
        The wave.
    level : AudioLevel
        Signal-to-noise ratio in dB, and sample rate and bit rate of the codec.
    seed : int
        Seed of the noise.

    Returns
    -------
    tuple of bytes and int
        The wave, and the bytes of the compressed file.

    Raises
    ------
    CorruptClip
        If the audio cannot be decoded or encoded.
    """
    clean = decode_samples(io.BytesIO(content))
    with wave.open(io.BytesIO(content)) as file:
        rate = file.getframerate()
    try:
        compressed = _encode(_add_noise(clean, level.snr_db, seed), rate, level)
        samples = _decode(compressed, rate)[: len(clean)]
    except (av.error.FFmpegError, OverflowError) as error:  # for example at an absurd sample rate
        raise CorruptClip(f"audio of {rate} Hz cannot be encoded: {error!r}") from None
    samples = np.pad(samples, (0, len(clean) - len(samples)))
    return encode_audio(samples, rate), len(compressed)


def _add_noise(samples: np.ndarray, snr_db: float | None, seed: int) -> np.ndarray:
    if snr_db is None:
        return samples
    scale = np.sqrt(np.mean(samples.astype(np.float64) ** 2)) * 10 ** (-snr_db / 20)
    noise = np.random.default_rng(seed).normal(scale=scale, size=len(samples))
    return np.clip(np.round(samples + noise), -32768, 32767).astype(np.int16)


def _encode(samples: np.ndarray, rate: int, level: AudioLevel) -> bytes:
    result = io.BytesIO()
    with av.open(result, "w", format="mp4") as target:
        stream = target.add_stream("aac", rate=level.rate, layout="mono")
        stream.bit_rate = level.kbps * 1000
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler("fltp", "mono", level.rate)
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
    return result.getvalue()


def _decode(content: bytes, rate: int) -> np.ndarray:
    resampler = av.AudioResampler("s16", "mono", rate)
    chunks = []
    with open_member(io.BytesIO(content), "mp4") as source:
        for frame in source.decode(audio=0):
            chunks += [chunk.to_ndarray()[0] for chunk in resampler.resample(frame)]
        chunks += [chunk.to_ndarray()[0] for chunk in resampler.resample(None)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
