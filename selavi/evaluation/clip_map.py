"""The stage map: where each clip of a split lies in the plane, near to clips with like features."""

import importlib.util
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA

from selavi.clustering.fitted import is_clustering, read_clustering
from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import open_clips
from selavi.disk import refusal
from selavi.evaluation.baseline_features import extract, network_features
from selavi.evaluation.cluster_features import features_of, whole_clips
from selavi.evaluation.predict import best_device
from selavi.files import UserError, atomic_path
from selavi.models.checkpoint import load_model
from selavi.neighbours import nearest
from selavi.progress import Bar, duration
from selavi.settings import Modality

log = logging.getLogger(__name__)

FEW = 300
"""Below so many clips the map is by PCA: UMAP takes some 15 s to compile and little data shows no
more."""
DIMS, NEIGHBOURS = 50, 15
SEED = 0
COMPILE_SECONDS, LAYOUT_SECONDS, NEIGHBOUR_SECONDS = 15.0, 1.4e-4, 1.55e-8
"""Of UMAP on one thread: once, by clip, by pair of clips."""
LARGE = 10_000
"""Above so many clips UMAP takes 200 epochs, else 500."""


@dataclass(frozen=True)
class ClipMap:
    """Positions of N clips in the plane.

    Attributes
    ----------
    ids : numpy.ndarray
        (N,) text, the clips.
    positions : numpy.ndarray
        (N, 2) float32.
    method : str
        "umap" or "pca".
    of : str
        What the features are of, such as "video+audio".
    """

    ids: np.ndarray
    positions: np.ndarray
    method: str
    of: str

    def write(self, output: Path) -> None:
        """Write an .npz."""
        with atomic_path(output) as temporary, temporary.open("wb") as file:
            np.savez(
                file, ids=self.ids.astype("U16"), positions=self.positions,
                method=np.array(self.method), of=np.array(self.of),
            )  # fmt: skip

    @classmethod
    def read(cls, path: Path) -> "ClipMap":
        """Read what `write` wrote. Raises UserError if it is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as content:
                ids, positions = content["ids"], content["positions"]
                method, of = str(content["method"]), str(content["of"])
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; make it by `selavi map`") from None
        except Exception as error:  # numpy, zipfile and zlib raise many types for damaged files
            if isinstance(error, OSError) and error.errno:
                raise UserError(refusal(error, path, "read")) from None
            raise UserError(
                f"{path} is not a file of `selavi map`, or is damaged; make it again"
            ) from None
        if positions.shape != (len(ids), 2) or not np.isfinite(positions).all():
            raise UserError(f"{path} is damaged: it has no position for each clip; make it again")
        return cls(ids, positions, method, of)


def map_clips(
    model: Path,
    index: Path,
    output: Path,
    workers: int = 0,
    features: Mapping[Modality, Path] | None = None,
) -> None:
    """Write the positions of a split's clips, from the features that their clusters are from.

    Parameters
    ----------
    model : Path
        The model file, or a clustering.
    index : Path
        Index of the split, in the folder of its shards.
    output : Path
        File to write (.npz); see `ClipMap`. Clips that cannot be read are not in it.
    workers : int
        Loader processes.
    features : mapping of str to Path, optional
        Files of features of frozen encoders, see `open_clips`.

    Raises
    ------
    UserError
        If the model or the index cannot be read, or too many clips are corrupt.
    """
    if is_clustering(model):
        fitted, settings = read_clustering(model)
        clips = open_clips(index, settings, features=features)
        samples = whole_clips(CorruptClips(clips))
        rows = fitted.prepared(features_of(clips, samples))
    else:
        network, settings, _ = load_model(model)
        clips = open_clips(index, settings, features=features)
        network = network.to(best_device()).eval()
        samples, found = extract(clips, {"network": network_features(network)}, workers)
        rows = found["network"]
    ids = clips.index["id"].to_numpy(str)[samples]
    positions, method = positions_of(rows)
    ClipMap(ids, positions, method, "+".join(rows)).write(output)
    log.info("%s: %d clips by %s", output, len(ids), method)


def positions_of(features: Mapping[str, np.ndarray]) -> tuple[np.ndarray, str]:
    """Place clips in the plane, so that those with like features are near to each other.

    Each modality has the same weight. UMAP (McInnes et al., 2018) keeps neighbours; PCA stands in
    for it if there are fewer than `FEW` clips, or without the package umap-learn. The same features
    give the same positions.

    Parameters
    ----------
    features : mapping of str to numpy.ndarray
        By modality: (N, D) float32; NaN for clips without it. N is at least 1.

    Returns
    -------
    positions : numpy.ndarray
        (N, 2) float32.
    method : str
        "umap" or "pca".
    """
    rows = np.concatenate([_normalised(matrix) for matrix in features.values()], 1)
    reduced = _reduce(rows)
    if len(rows) < FEW:
        return reduced[:, :2], "pca"
    if not has_umap():
        log.warning("the package umap-learn is not installed; the map is by PCA, which is coarser")
        return reduced[:, :2], "pca"
    expected = duration(umap_seconds(len(rows)))
    log.info("placing %d clips in the plane by UMAP: about %s", len(rows), expected)
    return _umap(reduced), "umap"


def has_umap() -> bool:
    """Whether the package umap-learn is installed."""
    return importlib.util.find_spec("umap") is not None


def umap_seconds(clips: int) -> float:
    """Predict the time of UMAP, on one thread.

    Parameters
    ----------
    clips : int
        N.

    Returns
    -------
    float
        CPU seconds, of the figures in docs/files.md: to compile, for the layout and for exact
        neighbours. 0 if the map is by PCA.
    """
    if clips < FEW or not has_umap():
        return 0.0
    layout = LAYOUT_SECONDS if clips > LARGE else LAYOUT_SECONDS * 500 / 200  # its epochs
    return COMPILE_SECONDS + layout * clips + NEIGHBOUR_SECONDS * clips**2


def _normalised(matrix: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros for clips without the modality."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.nan_to_num(matrix / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)


def _reduce(rows: np.ndarray) -> np.ndarray:
    """The first principal components (N, at least 2), without the noise of the others."""
    if len(rows) == 1:
        return np.zeros((1, 2), np.float32)
    dims = min(DIMS, *rows.shape)
    with np.errstate(invalid="ignore"):  # shares of the variance, of which equal rows have none
        reduced = PCA(dims, svd_solver="covariance_eigh").fit_transform(rows).astype(np.float32)
    return np.pad(reduced, ((0, 0), (0, max(0, 2 - dims))))


def _umap(rows: np.ndarray) -> np.ndarray:
    """Positions by UMAP, from exact neighbours and the two first principal components."""
    from umap import UMAP, layouts  # takes seconds to import

    layouts.tqdm = Bar  # UMAP takes options of a bar, and no other bar
    indices, distances = nearest(torch.from_numpy(rows), torch.from_numpy(rows), NEIGHBOURS)
    start = rows[:, :2] / max(float(np.abs(rows[:, :2]).max()), 1e-12) * 10
    flat = np.ptp(start, axis=0) == 0  # UMAP divides by the range
    start[:, flat] = np.random.default_rng(SEED).normal(size=(len(rows), flat.sum()))
    with warnings.catch_warnings():
        # That it places no further clips with these neighbours, and uses one thread with a seed.
        warnings.simplefilter("ignore", UserWarning)
        mapper = UMAP(
            n_neighbors=NEIGHBOURS,
            init=start,
            random_state=SEED,
            n_jobs=1,
            precomputed_knn=(indices.numpy(), distances.numpy(), None),
            tqdm_kwds={"desc": "map", "unit": "epoch", "bar_format": None, "disable": None},
        )
        positions: np.ndarray = mapper.fit_transform(rows).astype(np.float32)
    return positions
