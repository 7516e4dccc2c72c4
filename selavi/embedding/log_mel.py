"""Statistics of the log-mel spectrogram: features of audio without any network."""

from collections.abc import Sequence

import numpy as np
import torch

from selavi.embedding.clip import Clip
from selavi.embedding.embedder import Embedder
from selavi.transforms.audio import log_filterbank

QUIET = -10.0
"""Least logarithm of a filter's energy, on the int16 scale: silence has no more to tell."""


def log_mel(filters: int = 64, fft: int = 1024) -> Embedder:
    """Make the embedder: of each filter the mean, the standard deviation and the mean change.

    Parameters
    ----------
    filters : int
        Mel filters.
    fft : int
        Length of the Fourier transform, in samples.

    Returns
    -------
    Embedder
        Of audio, 3 x `filters` features.
    """

    def embed(clips: Sequence[Clip]) -> np.ndarray:
        return np.stack([_statistics(clip, filters, fft) for clip in clips])

    return embed


def _statistics(clip: Clip, filters: int, fft: int) -> np.ndarray:
    waveform = torch.from_numpy(clip.waveform)[None] * 2**15
    bands = log_filterbank(waveform, clip.rate, filters, fft)[0].clamp_min(QUIET)
    change = bands.diff(dim=1).abs().mean(1) if bands.shape[1] > 1 else torch.zeros(filters)
    deviation = bands.std(1, correction=0)
    return torch.cat([bands.mean(1), deviation, change]).numpy()
