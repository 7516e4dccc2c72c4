"""Preparation of given features before the heads: scaling, and principal components.

Letters in shapes: N clips, D given features, d prepared ones.
"""

from collections.abc import Iterator
from typing import Literal, Self, get_args

import numpy as np
import torch
from torch import Tensor, nn

from selavi.files import UserError

PreparationKind = Literal["none", "l2_pca", "standardise_pca"]
KINDS: tuple[PreparationKind, ...] = get_args(PreparationKind)
PCA_KINDS: tuple[PreparationKind, ...] = ("l2_pca", "standardise_pca")

BLOCK = 1 << 24  # numbers of a block: 64 MiB in float32
EXACT = 4096  # features whose covariance matrix is made: 128 MiB in float64
SAMPLE = 20_000  # rows that the components of more features are estimated from
CONSTANT = 1e-6  # a smaller standard deviation, relative to the mean, is rounding


class Preparation(nn.Module):
    """Map given features to those that heads and clusterings see.

    In the place of an encoder for a frozen modality. The output has a mean square of 1 over the
    rows that it is fitted on, so that both modalities weigh the same. Before `fit` or a loaded
    state the output is NaN.

    Parameters
    ----------
    kind : {"none", "l2_pca", "standardise_pca"}
        l2_pca: each row is scaled to length 1, then centred and projected onto the principal
        components. standardise_pca: each feature gets mean 0 and standard deviation 1 in place of
        that, and constant features are left out. none: the features as they are, but for one
        factor.
    inputs : int
        D.
    dims : int
        Number of principal components; at most D of them are used.

    Attributes
    ----------
    applied : bool
        Rows come prepared, and are returned as they are: in training they are prepared once.
    """

    mean: Tensor
    projection: Tensor

    def __init__(self, kind: PreparationKind, inputs: int, dims: int) -> None:
        super().__init__()
        self.kind, self.applied = kind, False
        self.features = inputs if kind == "none" else min(dims, inputs)
        shape = () if kind == "none" else (self.features, inputs)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("projection", torch.full(shape, torch.nan))

    @classmethod
    def fit(cls, rows: np.ndarray, kind: PreparationKind, dims: int = 128, seed: int = 0) -> Self:
        """Fit the preparation to rows, which are read in blocks, once.

        Components are exact for up to 4,096 features; those of more are estimated from 20,000 rows.

        Parameters
        ----------
        rows : numpy.ndarray
            (N, D) float, finite; it may be memory-mapped.
        kind : {"none", "l2_pca", "standardise_pca"}
            See the class.
        dims : int
            See the class.
        seed : int
            Seed of the sampled rows.

        Returns
        -------
        Preparation
            On the CPU.

        Raises
        ------
        UserError
            If there is no row, or all rows are the same.
        """
        if not len(rows):
            raise UserError("there are no features to prepare; the split has no clip")
        result = cls(kind, rows.shape[1], dims)
        if kind == "none":
            power = sum(float(block.double().square().sum()) for block in _blocks(rows))
            result.projection.fill_(_factor(power / rows.size))
            return result
        mean, axes, variances = _components(rows, kind, result.features, seed)
        result.mean.copy_(mean)
        result.projection.copy_(axes * _factor(float(variances.sum()) / result.features))
        return result

    def forward(self, rows: Tensor) -> Tensor:
        """Prepare rows, in float32 whatever the arithmetic of encoders is.

        Parameters
        ----------
        rows : Tensor
            (B, D) float.

        Returns
        -------
        Tensor
            (B, d) float32.
        """
        with torch.autocast(rows.device.type, enabled=False):
            rows = rows.float()
            if self.applied:
                return rows
            if self.kind == "none":
                return rows * self.projection
            if self.kind == "l2_pca":
                rows = nn.functional.normalize(rows)
            return (rows - self.mean) @ self.projection.T

    @torch.no_grad()
    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Prepare all rows of an array, in blocks.

        Parameters
        ----------
        rows : numpy.ndarray
            (N, D) float; it may be memory-mapped.

        Returns
        -------
        numpy.ndarray
            (N, d) float32.
        """
        result = np.empty((len(rows), self.features), np.float32)
        start = 0
        for block in _blocks(rows):
            result[start : start + len(block)] = self(block).numpy()
            start += len(block)
        return result


def _factor(power: float) -> float:
    """What scales rows of this mean square to 1."""
    if power <= 0:
        raise UserError(
            "the features of all clips are the same, so nothing can be learnt from them; check "
            "what made them, or leave the modality out (`modalities`)"
        )
    return float(power**-0.5)


def _blocks(rows: np.ndarray) -> Iterator[Tensor]:
    """Rows in order, (n, D) float32, as copies."""
    size = max(1, BLOCK // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        yield torch.from_numpy(np.array(rows[start : start + size], np.float32))


def _components(
    rows: np.ndarray, kind: PreparationKind, count: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components, largest first.

    Returns
    -------
    mean : Tensor
        (D,) float64, of rows that are scaled to length 1 if `kind` says so.
    axes : Tensor
        (count, D) float64; orthonormal, or with `standardise_pca` orthonormal once each feature is
        divided by its standard deviation. Those beyond the rank of the rows are 0.
    variances : Tensor
        (count,) float64, of the projections.
    """
    inputs = rows.shape[1]
    if inputs > EXACT:
        return _sampled_components(rows, kind, count, seed)
    mean, covariance = _moments(rows, kind)
    scale = _scale(mean, covariance.diagonal(), kind)
    values, vectors = torch.linalg.eigh(covariance * scale * scale[:, None])
    values, vectors = values.flip(0)[:count], vectors.flip(1).T[:count]
    return _of_rank(mean, vectors, values, scale, len(rows))


def _sampled_components(
    rows: np.ndarray, kind: PreparationKind, count: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """`_components` of many features, from a sample of rows."""
    from sklearn.decomposition import PCA

    sample = rows
    if len(rows) > SAMPLE:
        drawn = np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False)
        sample = rows[np.sort(drawn)]
    block = torch.from_numpy(np.array(sample, np.float32))
    if kind == "l2_pca":
        block = nn.functional.normalize(block)
    mean = block.double().mean(0)
    scale = _scale(mean, block.double().var(0, correction=0), kind)
    block.sub_(mean.float()).mul_(scale.float())
    found = PCA(min(count, *block.shape), svd_solver="randomized", random_state=seed)
    found.fit(block.numpy())
    axes = torch.zeros(count, rows.shape[1], dtype=torch.float64)
    values = torch.zeros(count, dtype=torch.float64)
    axes[: found.n_components_] = torch.from_numpy(found.components_).double()
    squares = torch.from_numpy(found.singular_values_).double().square()
    values[: found.n_components_] = squares / len(block)
    return _of_rank(mean, axes, values, scale, len(block))


def _scale(mean: Tensor, variances: Tensor, kind: PreparationKind) -> Tensor:
    """(D,) float64: what features are multiplied with before the projection."""
    if kind == "l2_pca":
        return torch.ones_like(mean)
    deviations = variances.clamp_min(0).sqrt()
    constant = deviations <= CONSTANT * mean.abs()
    return torch.where(constant, 0.0, 1 / deviations)


def _of_rank(
    mean: Tensor, axes: Tensor, variances: Tensor, scale: Tensor, rows: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Axes for unscaled features, of a fixed sign; those that rounding made are 0."""
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    real = variances > variances[0].clamp_min(0) * 1e-10
    real[max(0, rows - 1) :] = False
    axes = torch.where(real[:, None], axes * largest.sign() * scale, 0.0)
    return mean, axes, torch.where(real, variances, 0.0)


def _moments(rows: np.ndarray, kind: PreparationKind) -> tuple[Tensor, Tensor]:
    """Mean (D,) and covariance (D, D) of the rows, float64."""
    spread = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 1000)).astype(int))
    shift = torch.from_numpy(np.array(rows[spread], np.float32))
    if kind == "l2_pca":
        shift = nn.functional.normalize(shift)
    # Near the mean, so that no digits are lost in the squares.
    shift = shift.double().mean(0).float()
    total = torch.zeros(rows.shape[1], dtype=torch.float64)
    squares = torch.zeros(rows.shape[1], rows.shape[1], dtype=torch.float64)
    for block in _blocks(rows):
        if kind == "l2_pca":
            block = nn.functional.normalize(block)
        block -= shift
        total += block.double().sum(0)
        squares += block.T @ block
    mean = total / len(rows)
    return mean + shift, squares / len(rows) - mean[:, None] * mean
