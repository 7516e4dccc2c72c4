"""Features to cluster with k-means: raw, of networks trained in several ways, and your own."""

import errno
import hashlib
import re
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
from selavi.models.weights_file import read_weights_file, require_finite
from selavi.progress import Bar
from selavi.settings import VideoSettings

Extract = Callable[[Batch], dict[str, Tensor]]
Rows = dict[str, np.ndarray]
"""By modality: features (n, D) float32."""

GRID = (4, 8, 8)  # frames, rows and columns that raw pictures are reduced to
SUPERVISED_CLIP = VideoSettings(frames=16, fps=15, crop=112)
# The statistics its weights were trained with, for pictures in [0, 1].
MEAN, DEVIATION = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)


def raw_features(batch: Batch) -> dict[str, Tensor]:
    """Pixels on a grid of 4 x 8 x 8; mean and deviation over time of every mel filter."""
    found = {}
    if batch.video is not None:
        found["video"] = F.adaptive_avg_pool3d(batch.video, GRID).flatten(1)
    if batch.audio is not None:
        deviation, mean = torch.std_mean(batch.audio.flatten(1, 2), dim=-1, correction=0)
        found["audio"] = torch.cat([mean, deviation], 1)
    return found


def network_features(network: Network) -> Extract:
    """Pooled features of a network in the mode it is in."""
    return lambda batch: network.encode(batch)


def supervised_features(weights: Path, device: torch.device) -> Extract:
    """Pooled features of torchvision's R(2+1)D-18 with weights learnt from labels.

    Clips must be as SUPERVISED_CLIP. Raises UserError if the file is missing or holds no such
    weights.
    """
    network = r2plus1d_18(weights=None)
    content, _ = read_weights_file(weights)
    _require_named_digest(weights)
    try:
        network.load_state_dict(content)
        require_finite(weights, network.state_dict(), "get the file again")
    except UserError:
        raise
    except Exception as error:  # torch raises many kinds for what are no such weights
        words = str(error).splitlines()[0]
        raise UserError(f"{weights} holds no weights of R(2+1)D-18: {words}") from None
    network.fc = torch.nn.Identity()
    network = network.to(device).eval()
    mean, deviation = (torch.tensor(v, device=device).view(3, 1, 1, 1) for v in (MEAN, DEVIATION))

    def work(batch: Batch) -> dict[str, Tensor]:
        pictures = batch.of("video") * 0.225 + 0.45
        return {"video": network((pictures - mean) / deviation)}

    return work


def _require_named_digest(weights: Path) -> None:
    """Raise UserError unless a file named by torchvision has the digest in its name, if any.

    It is of the kind that has no checksums inside.
    """
    name = re.fullmatch(r"r2plus1d_18-([0-9a-f]{8,64})\.pth", weights.name)
    if name is None:
        return
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(name[1]):
        raise UserError(
            f"{weights} is damaged: its SHA-256 begins with {found[: len(name[1])]}, unlike its "
            "name says; get the file again"
        )


def extract(
    clips: Clips, extractors: dict[str, Extract], workers: int = 0
) -> tuple[np.ndarray, dict[str, Rows]]:
    """Features of every clip's centre view: the samples (n,) int64, and rows by extractor.

    All extractors see each batch, so that clips are decoded once. Corrupt clips are left out.
    """
    device = best_device()
    samples: list[np.ndarray] = []
    parts: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in extractors}
    batches = CorruptClips(clips).counted(
        pass_batches(clips, batch_size=BATCH, workers=workers, device=device)
    )
    total = -(-len(clips) // BATCH)
    for batch in Bar(batches, total=total, desc="features", unit="batch"):
        on_device = batch.to(device)
        samples.append(batch.sample.cpu().numpy())
        with torch.inference_mode():
            for name, work in extractors.items():
                for modality, rows in work(on_device).items():
                    parts[name].setdefault(modality, []).append(rows.float().cpu().numpy())
    joined = {
        name: {modality: np.concatenate(pieces) for modality, pieces in found.items()}
        for name, found in parts.items()
    }
    return np.concatenate(samples), joined


def read_features(path: Path, clips: int) -> np.ndarray:
    """Features of your own, (N, D) float32.

    path : .npy with an array (N, D), or .npz with one such array called `features`; row n is
        sample n of the index. clips : N.

    Raises UserError if the file is missing, has another shape, or holds what is not finite.
    """
    try:
        content = np.load(path, allow_pickle=False)
        array = content["features"] if isinstance(content, np.lib.npyio.NpzFile) else content
        if not isinstance(array, np.ndarray):
            raise ValueError("its member called 'features' is no .npy file")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except KeyError:
        raise UserError(f"{path} has no array called 'features'") from None
    except (MemoryError, OverflowError) as error:
        raise UserError(f"{path} says that it holds more than memory does: {error}") from None
    except Exception as error:  # numpy, zipfile and zlib raise many kinds for damaged files
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(refusal(error, path, "read")) from None
        raise UserError(f"{path} is no .npy or .npz file of numbers: {error}") from None
    fits = array.ndim == 2 and len(array) == clips and array.shape[1] > 0
    if not fits or array.dtype.kind not in "fiu":
        raise UserError(
            f"{path} holds {array.dtype} of shape {array.shape}; numbers of shape ({clips}, D), "
            "a row for each clip of the index, are needed"
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(array).all(1))
    if len(bad):
        raise UserError(
            f"{path} holds values that are not finite numbers, as float32, in {len(bad)} rows, "
            f"first {bad[0]}"
        )
    return array


def for_kmeans(features: Rows) -> Rows:
    """Standardised, each modality with a total variance of 1; with two, both together come first.

    Raises UserError if a value is not finite.
    """
    for modality, matrix in features.items():
        if not np.isfinite(matrix).all():
            raise UserError(f"the {modality} features hold values that are not finite numbers")
    scaled = {
        modality: StandardScaler().fit_transform(matrix) / np.sqrt(matrix.shape[1])
        for modality, matrix in features.items()
    }
    if len(scaled) == 2:
        return {"video+audio": np.concatenate(list(scaled.values()), 1)} | scaled
    return scaled
