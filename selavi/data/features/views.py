"""Views of given features: what augmentation is to frames and samples.

A view depends on the seed, the pass, the modality and the clip's number alone, not on the batch: so
labels are the same for any number of processes.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_STEP, _FIRST, _SECOND = (
    np.uint64(constant) for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


@dataclass(frozen=True)
class FeatureViews:
    """How views of given features are drawn.

    Attributes
    ----------
    neighbours : mapping of str to numpy.ndarray
        By modality, (N, n) int: rows of the nearest other clips by this modality. A view of a clip
        is one of these. Without any, it is the clip's own row.
    dropout : float
        Probability of each feature to be 0 in a view; the others grow in proportion.
    noise : float
        Standard deviation of Gaussian noise.
    """

    neighbours: Mapping[str, np.ndarray]
    dropout: float = 0.0
    noise: float = 0.0

    def draw(
        self, modality: str, rows: np.ndarray, samples: np.ndarray, key: tuple[int, ...]
    ) -> np.ndarray:
        """Draw a view of some clips.

        Parameters
        ----------
        modality : str
            Of the rows. Modalities are drawn independently of each other.
        rows : numpy.ndarray
            (N, D) float32, features of all clips.
        samples : numpy.ndarray
            (B,) int64, numbers of the clips.
        key : tuple of int
            What the view belongs to: seed, view and pass.

        Returns
        -------
        numpy.ndarray
            (B, D) float32.
        """
        base = zlib.crc32(f"{modality} {key}".encode())
        near = self.neighbours.get(modality)
        chosen = samples
        if near is not None:
            drawn = _uniform(base, 0, samples) * near.shape[1]
            chosen = near[samples, drawn.astype(np.int64)]
        view = np.asarray(rows[chosen])
        numbers = samples[:, None] * view.shape[1] + np.arange(view.shape[1])
        if self.noise:
            radius = np.sqrt(-2 * np.log1p(-_uniform(base, 1, numbers)))
            angle = 2 * np.pi * _uniform(base, 2, numbers)
            view = view + (self.noise * radius * np.cos(angle)).astype(np.float32)
        if self.dropout:
            kept = _uniform(base, 3, numbers) >= self.dropout
            view = view * (kept / np.float32(1 - self.dropout)).astype(np.float32)
        return view


def _uniform(base: int, stream: int, numbers: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1), one for each of `numbers`, by SplitMix64 (Steele, Lea, Flood, 2014)."""
    with np.errstate(over="ignore"):
        x = numbers.astype(np.uint64) + np.uint64(base * 4 + stream) * _SECOND
        x = (x + np.uint64(1)) * _STEP
        x = (x ^ (x >> np.uint64(30))) * _FIRST
        x = (x ^ (x >> np.uint64(27))) * _SECOND
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
