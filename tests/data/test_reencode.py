"""Clips encoded again at a lower quality."""

import io
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.data.reencode import degrade_audio, degrade_video
from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_frames, decode_samples
from selavi.data.shards.reader import CorruptClip, read_member
from selavi.settings import AudioLevel, VideoLevel

LEVELS = [
    VideoLevel(short_side=16, crf=45),
    AudioLevel(kbps=12, rate=8000),
    AudioLevel(kbps=12, rate=8000, snr_db=-6.0),
]


def members(index: Path, place: int = 0) -> tuple[pd.Series, bytes, bytes]:
    row = read_index(index).iloc[place]
    tar = index.parent / row["shard"]
    return (
        row,
        read_member(tar, row["video_offset"], row["video_size"]),
        read_member(tar, row["audio_offset"], row["audio_size"]),
    )


def test_a_worse_picture_shows_the_same_at_the_same_time(train_index: Path) -> None:
    row, picture, _ = members(train_index)
    worse, width, height = degrade_video(picture, VideoLevel(short_side=24, crf=18))
    assert (width, height) == (24, 24)
    assert len(worse) < len(picture)
    numbers = np.arange(int(row["frames"]))
    before, after = (
        np.stack(
            [
                frame.to_ndarray(format="gray").astype(float)
                for frame in decode_frames(io.BytesIO(b), numbers, row["fps"])
            ]
        )
        for b in (picture, worse)
    )
    assert after.shape == (len(numbers), 24, 24)
    small = before.reshape(len(numbers), 24, 2, 24, 2).mean((2, 4))
    error = ((small[:, None] - after[None]) ** 2).mean((2, 3))
    assert (np.abs(error.argmin(1) - numbers) <= 1).mean() > 0.9  # frame n is frame n


def test_a_worse_sound_keeps_its_time(train_index: Path) -> None:
    _, _, sound = members(train_index)
    clean = decode_samples(io.BytesIO(sound)).astype(float)
    worse, size = degrade_audio(sound, AudioLevel(kbps=32, rate=16000), seed=1)
    lossy = decode_samples(io.BytesIO(worse)).astype(float)
    assert len(lossy) == len(clean)
    assert size < len(sound) / 3
    assert np.corrcoef(clean, lossy)[0, 1] > 0.9  # any shift would spoil this
    noisy, _ = degrade_audio(sound, AudioLevel(kbps=64, rate=16000, snr_db=0.0), seed=1)
    again, _ = degrade_audio(sound, AudioLevel(kbps=64, rate=16000, snr_db=0.0), seed=1)
    assert noisy == again
    kept = np.corrcoef(clean, decode_samples(io.BytesIO(noisy)).astype(float))[0, 1]
    assert kept == pytest.approx(0.5**0.5, abs=0.15)  # as much noise as sound


def wave_of(
    samples: bytes, rate: int = 16000, told: int | None = None, kind: bytes = b"fmt "
) -> bytes:
    """A mono wave of 16 bits that may lie about its length, its rate and its chunks."""
    size = len(samples) if told is None else told
    form = struct.pack("<4sIHHIIHH", kind, 16, 1, 1, rate, 0, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    return head + form + struct.pack("<4sI", b"data", size) + samples


@pytest.mark.parametrize(
    "content",
    [
        wave_of(bytes(2001), told=2002), wave_of(bytes(2000), told=2**31),
        wave_of(bytes(2000), kind=b"fmx "), wave_of(bytes(2000), rate=2**32 - 1),
        wave_of(bytes(2000), rate=0), b"RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\xff", b"",
    ],
    ids=range(7),
)  # fmt: skip
def test_waves_that_lie_are_corrupt(content: bytes) -> None:
    assert len(degrade_audio(wave_of(bytes(2000)), LEVELS[1], 1)[0]) == 2044
    with pytest.raises(CorruptClip):
        degrade_audio(content, LEVELS[1], 1)
