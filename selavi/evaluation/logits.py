"""Write the logits of all heads with the labels; read and score such files, also the authors'."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import open_clips
from selavi.evaluation.metrics import measure_heads
from selavi.evaluation.predict import batches_of_logits
from selavi.evaluation.safe_pickle import load_arrays
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from selavi.models.head_selection import select_head
from selavi.models.network import JOINED
from selavi.settings import Modality
from selavi.tensor_files import save_tensors

log = logging.getLogger(__name__)

FORMAT = "selavi-logits-1"
REMEDY = "run selavi logits again"


@dataclass(frozen=True)
class Logits:
    """Logits and labels of N clips.

    Attributes
    ----------
    logits : dict of str to list of Tensor
        By modality: one (N, K) float32 per head.
    labels : numpy.ndarray
        (N,) names of classes, "" for none.
    """

    logits: dict[str, list[Tensor]]
    labels: np.ndarray

    def clusters(self) -> dict[str, np.ndarray]:
        """Clusters by modality, (N, H) int64; of both, the largest product of probabilities."""
        clusters = {
            m: torch.stack([h.argmax(1) for h in heads], 1) for m, heads in self.logits.items()
        }
        if len(self.logits) == 2:
            pairs = zip(*self.logits.values(), strict=True)
            both = [(v.log_softmax(1) + a.log_softmax(1)).argmax(1) for v, a in pairs]
            clusters = {"video+audio": torch.stack(both, 1)} | clusters
        return {modality: columns.numpy() for modality, columns in clusters.items()}


def write_logits(
    model: Path,
    index: Path,
    output: Path,
    workers: int = 0,
    features: Mapping[Modality, Path] | None = None,
) -> None:
    """Write the logits of every clip of a split, by torch.save: 4 x N x K x H bytes per modality.

    Keys of the file: `format`; the run's modalities among `video` and `audio`, or `video+audio`
    with `fusion: concat`, each a list of H tensors (N, K) float32; `labels` (N,) int64, -1 for
    none; `classes`, their names; `keys` of the clips.

    Parameters
    ----------
    model : Path
        The model file.
    index : Path
        Index of the split, in the folder of its shards.
    output : Path
        File to write.
    workers : int
        Loader processes.
    features : mapping of str to Path, optional
        Files of features of frozen encoders, see `open_clips`.

    Raises
    ------
    UserError
        If a clip cannot be read.
    """
    network, settings, _ = load_model(model)
    clips = open_clips(index, settings, features=features)
    corrupt = CorruptClips(clips)
    counts = network.result_counts
    all_logits = {m: [torch.empty(len(clips), k) for k in counts] for m in network.modalities}
    for samples, logits in batches_of_logits(network, corrupt, workers):
        for modality, rows in logits.items():
            for head, head_logits in enumerate(rows.cpu()):
                all_logits[modality][head][samples] = head_logits[:, : counts[head]]
    if corrupt:
        raise UserError(f"{len(corrupt)} clips of {index} cannot be read; shard them again")
    table = clips.index
    labels, classes = pd.factorize(table["label"].where(table["label"] != ""), sort=True)
    content = {
        "format": FORMAT,
        **all_logits,
        "labels": torch.from_numpy(labels.astype(np.int64)),
        "classes": [str(name) for name in classes],
        "keys": table["key"].tolist(),
    }
    save_tensors(output, content)
    log.info(
        "%s: %d clips, %d heads, %s", output, len(table), len(counts), " and ".join(all_logits)
    )


def read_logits(path: Path) -> Logits:
    """Read a file of `write_logits`, or of the paper's authors, without running code.

    Parameters
    ----------
    path : Path
        A file of `write_logits`; or a dict or sequence with video logits, audio logits and labels
        (N,), in this order, and anything else. Logits are a list of one (N, K) array per head, or
        one array (H, N, K), or (N, K) for a single head.

    Returns
    -------
    Logits
        Logits and labels.

    Raises
    ------
    UserError
        If the file is missing or damaged, has another content, or logits that are not finite.
    """
    content = load_arrays(path)
    if isinstance(content, Mapping) and content.get("format") == FORMAT:
        return _own_file(content, path)
    values = list(content.values()) if isinstance(content, Mapping) else content
    if not isinstance(values, list | tuple):
        raise UserError(f"{path} holds a {type(content).__name__}; it must be a dict or a sequence")
    logits = [heads for value in values if (heads := _heads(value))]
    labels = [array for value in values if (array := _label_array(value)) is not None]
    if len(logits) != 2 or not labels:
        raise UserError(
            f"{path} holds {len(logits)} sets of logits and {len(labels)} of labels; it must hold "
            "those of video and of audio, and one label per clip"
        )
    return _checked(Logits(dict(zip(("video", "audio"), logits, strict=True)), labels[0]), path)


def measure_logits(path: Path, output: Path, of: dict[str, str] | None = None) -> pd.DataFrame:
    """Score a file of logits and write the metrics CSV.

    The selected head is the one whose clusters by both modalities have the highest mean NMI with
    the other heads'.

    Parameters
    ----------
    path : Path
        See `read_logits`.
    output : Path
        CSV to write.
    of : dict of str to str, optional
        Further columns, such as `dataset` and `split`.

    Returns
    -------
    pandas.DataFrame
        See `selavi.evaluation.metrics.score_heads`.

    Raises
    ------
    UserError
        As `read_logits`.
    """
    content = read_logits(path)
    heads = content.clusters()
    counts = [head.shape[1] for head in next(iter(content.logits.values()))]
    selected = select_head(next(iter(heads.values())), counts).head
    return measure_heads(heads, content.labels, selected, path, output, of or {})


def _own_file(content: Mapping[str, Any], path: Path) -> Logits:
    labels, classes = content.get("labels"), content.get("classes")
    if not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
        raise UserError(f"{path}: 'classes' is not a list of names; {REMEDY}")
    if not (isinstance(labels, Tensor) and _is_plain(labels)):
        labels = torch.zeros(())
    if labels.dtype != torch.int64 or labels.ndim != 1:
        raise UserError(f"{path}: 'labels' is not an integer tensor (N,); {REMEDY}")
    if len(labels) and not -1 <= int(labels.min()) <= int(labels.max()) < len(classes):
        raise UserError(f"{path}: 'labels' exceeds its {len(classes)} classes; {REMEDY}")
    logits = {}
    for modality in ("video", "audio", JOINED):
        if modality in content:
            heads = _heads(content[modality])
            if not heads:
                raise UserError(
                    f"{path}: {modality!r} is not a list of one tensor (N, K) per head; {REMEDY}"
                )
            logits[modality] = heads
    names = np.array([*classes, ""], dtype=str)  # -1 indexes the last
    return _checked(Logits(logits, names[labels.numpy()]), path)


def _checked(file: Logits, path: Path) -> Logits:
    if not file.logits:
        raise UserError(f"{path} holds no logits: no key 'video' or 'audio'")
    by_modality = {tuple(tuple(h.shape) for h in heads) for heads in file.logits.values()}
    shapes = {shape for heads in by_modality for shape in heads}
    if any(0 in shape for shape in shapes):
        raise UserError(f"{path} holds logits without clips or clusters: {sorted(shapes)}")
    if len({shape[0] for shape in shapes}) != 1 or len(by_modality) != 1:
        raise UserError(f"{path}: the heads' logits differ in shape: {sorted(shapes)}")
    if {shape[0] for shape in shapes} != {len(file.labels)}:
        raise UserError(f"{path}: {len(file.labels)} labels for logits of shape {shapes.pop()}")
    if not all(bool(torch.isfinite(h).all()) for heads in file.logits.values() for h in heads):
        raise UserError(f"{path} holds logits that are not finite")
    return file


def _heads(value: Any) -> list[Tensor] | None:
    """The (N, K) logits of each head; None if `value` holds something else."""
    if isinstance(value, list | tuple):
        arrays = [_tensor(item) for item in value]
        if arrays and all(a is not None and a.ndim == 2 for a in arrays):
            return [a.float() for a in arrays if a is not None]
        return None
    array = _tensor(value)
    if array is None or array.ndim not in (2, 3) or not _is_floating(value):
        return None
    return [array.float()] if array.ndim == 2 else list(array.float())


def _label_array(value: Any) -> np.ndarray | None:
    """Labels (N,) as text; None if `value` holds something else."""
    if isinstance(value, list | tuple) and value and all(isinstance(x, int | str) for x in value):
        value = np.array(value)
    if isinstance(value, Tensor):
        value = value.detach().numpy() if _is_plain(value) else None
    if not (isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biufUSO"):
        return None
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        return None
    if value.dtype.kind == "S":
        return np.char.decode(value, "utf-8", "backslashreplace")
    return value.astype(str)


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return torch.from_numpy(value.astype(np.float32))
    return value.detach() if isinstance(value, Tensor) and _is_plain(value) else None


def _is_floating(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind == "f")
    return bool(value.is_floating_point())


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is dense and real, and its storage holds all of its elements."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return False
    if tensor.is_complex() or (tensor.dtype == torch.bool and tensor.ndim != 1):
        return False
    return tensor.untyped_storage().nbytes() >= tensor.numel() * tensor.element_size()
