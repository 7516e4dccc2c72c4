"""A clip as embedders see it, read from its shard."""

from dataclasses import dataclass

import numpy as np

from selavi.data.dataset import Clips
from selavi.data.shards.decode import decode_frames, decode_samples
from selavi.data.shards.reader import CorruptClip, open_shard
from selavi.settings import EmbedderSettings


@dataclass(frozen=True)
class Clip:
    """What an embedder sees of a clip.

    Attributes
    ----------
    frames : numpy.ndarray
        (T, H, W, 3) uint8, RGB; (0, 0, 0, 3) for an embedder of audio.
    fps : float
        Frames per second of `frames`.
    waveform : numpy.ndarray
        (n,) float32 in [-1, 1], mono; (0,) for an embedder of video.
    rate : int
        Sample rate of `waveform`, in Hz.
    """

    frames: np.ndarray
    fps: float
    waveform: np.ndarray
    rate: int


def read_clip(clips: Clips, sample: int, settings: EmbedderSettings) -> Clip:
    """Read a clip.

    Parameters
    ----------
    clips : Clips
        The clips of a shard.
    sample : int
        Number of the clip.
    settings : EmbedderSettings
        What the embedder sees of it.

    Returns
    -------
    Clip
        Its frames or its waveform.

    Raises
    ------
    CorruptClip
        If the clip is damaged, or lacks the modality.
    UserError
        If the shard is missing or cut short.
    """
    row = {name: column[sample].item() for name, column in clips.numbers.items()}
    frames: np.ndarray = np.zeros((0, 0, 0, 3), np.uint8)
    waveform: np.ndarray = np.zeros(0, np.float32)
    fps, rate = float(row["fps"]), int(row["rate"])
    paths, shard_of = clips.shards
    modality, key = settings.modality, clips.ids[sample].decode()
    if not row["width" if modality == "video" else "samples"]:
        raise CorruptClip(f"it has no {modality}")
    with (
        open_shard(paths[shard_of[sample]]) as shard,
        shard.modality(modality, key, sample, clips.numbers) as member,
    ):
        if modality == "video":
            first, length = _middle(row["frames"], settings.seconds, fps)
            middles = (np.arange(settings.frames) + 0.5) * length / settings.frames
            numbers, places = np.unique(first + middles.astype(int), return_inverse=True)
            decoded = [f.to_ndarray(format="rgb24") for f in decode_frames(member, numbers, fps)]
            frames, fps = np.stack(decoded)[places], fps * settings.frames / length
        else:
            first, length = _middle(row["samples"], settings.seconds, rate)
            waveform = (decode_samples(member, first, length) / 2**15).astype(np.float32)
    return Clip(frames, fps, waveform, rate)


def _middle(count: int, seconds: float | None, rate: float) -> tuple[int, int]:
    """First number and length of the middle part of `count` frames or samples."""
    length = count if seconds is None else min(count, max(1, round(seconds * rate)))
    return (count - length) // 2, length
