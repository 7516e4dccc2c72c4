"""Features for k-means: raw pixels and filters, networks, and users' files."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torchvision.models.video import r2plus1d_18

from selavi.batch import Batch
from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import Clips, pass_batches
from selavi.disk import refusal
from selavi.evaluation.predict import BATCH, best_device
from selavi.files import UserError
from selavi.models.network import Network
from selavi.models.weights_file import read_weights_file, require_finite, require_named_digest
from selavi.progress import Bar
from selavi.settings import VideoSettings

Extract = Callable[[Batch], dict[str, Tensor]]
Rows = dict[str, np.ndarray]
"""By modality: features (n, D) float32."""

GRID = (4, 8, 8)  # frames, rows and columns to which raw pixels are averaged
SUPERVISED_CLIP = VideoSettings(frames=16, fps=15, crop=112)
# Normalisation of torchvision's weights, for RGB in [0, 1].
MEAN, SD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)


def raw_features(batch: Batch) -> dict[str, Tensor]:
    """Raw features: averaged pixels; mean and standard deviation of every mel filter over time.

    Features that are given are returned as they are.

    Parameters
    ----------
    batch : Batch
        Clips of one or both modalities.

    Returns
    -------
    dict of str to Tensor
        By modality: (B, 4 * 8 * 8 * channels) and (B, 2 * F) float32.
    """
    given = {"video": batch.video, "audio": batch.audio}
    features = {name: rows for name, rows in given.items() if rows is not None and rows.ndim == 2}
    if batch.video is not None and "video" not in features:
        features["video"] = F.adaptive_avg_pool3d(batch.video, GRID).flatten(1)
    if batch.audio is not None and "audio" not in features:
        sd, mean = torch.std_mean(batch.audio.flatten(1, 2), dim=-1, correction=0)
        features["audio"] = torch.cat([mean, sd], 1)
    return features


def network_features(network: Network) -> Extract:
    """Pooled features of a network, in its current mode."""
    return lambda batch: network.encode(batch)


def supervised_features(weights: Path, device: torch.device) -> Extract:
    """Pooled features of torchvision's R(2+1)D-18, with weights trained on labels.

    Parameters
    ----------
    weights : Path
        State dict of R(2+1)D-18.
    device : torch.device
        Where to compute.

    Returns
    -------
    callable
        Maps a batch of clips with the settings SUPERVISED_CLIP to (B, 512) float32.

    Raises
    ------
    UserError
        If the file is missing, damaged, or holds other weights.
    """
    network = r2plus1d_18(weights=None)
    content, _ = read_weights_file(weights)
    require_named_digest(weights)
    try:
        network.load_state_dict(content)
        require_finite(weights, network.state_dict(), "get the file again")
    except UserError:
        raise
    except Exception as error:  # torch raises many types for other weights
        reason = str(error).splitlines()[0]
        raise UserError(f"{weights} holds no weights of R(2+1)D-18: {reason}") from None
    network.fc = torch.nn.Identity()
    network = network.to(device).eval()
    mean, sd = (torch.tensor(v, device=device).view(3, 1, 1, 1) for v in (MEAN, SD))

    def features(batch: Batch) -> dict[str, Tensor]:
        rgb = batch.of("video") * 0.225 + 0.45
        return {"video": network((rgb - mean) / sd)}

    return features


def extract(
    clips: Clips, extractors: dict[str, Extract], workers: int = 0
) -> tuple[np.ndarray, dict[str, Rows]]:
    """Compute the features of every clip's centre view; clips are decoded once for all extractors.

    Parameters
    ----------
    clips : Clips
        The split.
    extractors : dict of str to callable
        Each maps a batch to features by modality.
    workers : int
        Loader processes.

    Returns
    -------
    samples : numpy.ndarray
        (n,) int64, clips that could be read.
    features : dict of str to dict
        By extractor and modality: (n, D) float32.
    """
    device = best_device()
    samples: list[np.ndarray] = []
    blocks: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in extractors}
    batches = CorruptClips(clips).counted(
        pass_batches(clips, batch_size=BATCH, workers=workers, device=device)
    )
    total = -(-len(clips) // BATCH)
    for batch in Bar(batches, total=total, desc="features", unit="batch"):
        on_device = batch.to(device)
        samples.append(batch.sample.cpu().numpy())
        with torch.inference_mode():
            for name, extractor in extractors.items():
                for modality, rows in extractor(on_device).items():
                    blocks[name].setdefault(modality, []).append(rows.float().cpu().numpy())
    joined = {
        name: {modality: np.concatenate(rows) for modality, rows in by_modality.items()}
        for name, by_modality in blocks.items()
    }
    return np.concatenate(samples), joined


def read_features(path: Path, clips: int) -> np.ndarray:
    """Read a user's features.

    Parameters
    ----------
    path : Path
        A .npy file with an array (N, D), or an .npz file with such an array named `features`; row n
        is sample n of the index.
    clips : int
        N.

    Returns
    -------
    numpy.ndarray
        (N, D) float32.

    Raises
    ------
    UserError
        If the file is missing or damaged, or its array has another shape, is not numeric or not
        finite.
    """
    try:
        content = np.load(path, allow_pickle=False)
        array = content["features"] if isinstance(content, np.lib.npyio.NpzFile) else content
        if not isinstance(array, np.ndarray):
            raise ValueError("its member 'features' is not a .npy file")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except KeyError:
        raise UserError(f"{path} has no array named 'features'") from None
    except (MemoryError, OverflowError) as error:
        raise UserError(f"{path} declares an array larger than memory: {error}") from None
    except Exception as error:  # numpy, zipfile and zlib raise many types for damaged files
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(refusal(error, path, "read")) from None
        raise UserError(f"{path} is not a .npy or .npz file of numbers: {error}") from None
    fits = array.ndim == 2 and len(array) == clips and array.shape[1] > 0
    if not fits or array.dtype.kind not in "fiu":
        raise UserError(
            f"{path} holds {array.dtype} of shape {array.shape}; it must hold numbers of shape "
            f"({clips}, D), one row for each clip of the index"
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    invalid = np.flatnonzero(~np.isfinite(array).all(1))
    if len(invalid):
        raise UserError(
            f"{path} holds values that are not finite in float32, in {len(invalid)} rows, first in "
            f"row {invalid[0]}"
        )
    return array


def for_kmeans(features: Rows) -> Rows:
    """Standardise features, so that each modality has a total variance of 1.

    Parameters
    ----------
    features : dict of str to numpy.ndarray
        By modality: (n, D) float32.

    Returns
    -------
    dict of str to numpy.ndarray
        The same; with two modalities, "video+audio", both concatenated, comes first.

    Raises
    ------
    UserError
        If a value is not finite.
    """
    for modality, matrix in features.items():
        if not np.isfinite(matrix).all():
            raise UserError(f"the {modality} features hold values that are not finite")
    scaled = {
        modality: StandardScaler().fit_transform(matrix) / np.sqrt(matrix.shape[1])
        for modality, matrix in features.items()
    }
    if len(scaled) == 2:
        return {"video+audio": np.concatenate(list(scaled.values()), 1)} | scaled
    return scaled
