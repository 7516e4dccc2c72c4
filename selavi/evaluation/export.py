"""Logits of every head and modality with the labels, as users of the paper's release know them."""

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
from selavi.models.head_selection import agreement
from selavi.models.network import JOINED
from selavi.tensor_files import save_tensors

log = logging.getLogger(__name__)

FORMAT = "selavi-logits-1"
REMEDY = "write it again with selavi export"


@dataclass(frozen=True)
class Export:
    """Logits by modality, one (N, K) float32 per head, and the N labels as text ("" for none)."""

    logits: dict[str, list[Tensor]]
    labels: np.ndarray

    def clusters(self) -> dict[str, np.ndarray]:
        """By modality, (N, H) int64: the largest logit, for both together the largest product."""
        found = {
            m: torch.stack([h.argmax(1) for h in heads], 1) for m, heads in self.logits.items()
        }
        if len(self.logits) == 2:
            pairs = zip(*self.logits.values(), strict=True)
            both = [(v.log_softmax(1) + a.log_softmax(1)).argmax(1) for v, a in pairs]
            found = {"video+audio": torch.stack(both, 1)} | found
        return {modality: columns.numpy() for modality, columns in found.items()}


def export(model: Path, index: Path, output: Path, workers: int = 0) -> None:
    """Write the logits of every clip of a split: 4 x N x K x H bytes per modality.

    The file is one of `torch.save`: `format`, then `video` and `audio`, as far as the run has the
    modality, or `video+audio` of one whose heads see both at once (each a list of H tensors (N, K)
    float32), `labels` (N,) int64 with -1 for none, `classes` (their names) and `keys` (of the
    clips).
    """
    network, settings, _ = load_model(model)
    clips = open_clips(index, settings)
    corrupt = CorruptClips(clips)
    heads, clusters = settings.network.heads, settings.network.clusters
    found = {
        m: [torch.empty(len(clips), clusters) for _ in range(heads)] for m in network.modalities
    }
    for samples, logits in batches_of_logits(network, corrupt, workers):
        for modality, rows in logits.items():
            for head, part in enumerate(rows.cpu()):
                found[modality][head][samples] = part
    if corrupt:
        raise UserError(f"{len(corrupt)} clips of {index} cannot be read; shard them again")
    table = clips.index
    labels, classes = pd.factorize(table["label"].where(table["label"] != ""), sort=True)
    content = {
        "format": FORMAT,
        **found,
        "labels": torch.from_numpy(labels.astype(np.int64)),
        "classes": [str(name) for name in classes],
        "keys": table["key"].tolist(),
    }
    save_tensors(output, content)
    log.info("%s: %d clips, %d heads, %s", output, len(table), heads, " and ".join(found))


def read_export(path: Path) -> Export:
    """Read what `export` wrote, or such a file of the paper's release.

    Of theirs this is asked: a dict or a sequence with the video logits, the audio logits (each one
    (N, K) array per head in a list, or an array (H, N, K), or (N, K) with one head) and the labels
    (N,), in this order; it may hold other things. Files are read without running code.

    Raises UserError if the file holds anything else, or values that are not finite.
    """
    content = load_arrays(path)
    if isinstance(content, Mapping) and content.get("format") == FORMAT:
        return _ours(content, path)
    parts = list(content.values()) if isinstance(content, Mapping) else content
    if not isinstance(parts, list | tuple):
        raise UserError(f"{path} holds a {type(content).__name__}; a dict or a sequence is needed")
    logits = [heads for part in parts if (heads := _heads(part))]
    labels = [flat for part in parts if (flat := _flat(part)) is not None]
    if len(logits) != 2 or not labels:
        raise UserError(
            f"{path} holds {len(logits)} sets of logits and {len(labels)} of labels; needed are "
            "those of video and of audio, and one label per clip"
        )
    return _checked(Export(dict(zip(("video", "audio"), logits, strict=True)), labels[0]), path)


def measure_export(path: Path, output: Path, of: dict[str, str] | None = None) -> pd.DataFrame:
    """Score such a file as `measure` scores assignments, and write the metrics CSV.

    "agreement" is the head whose clusters of both modalities agree best with the other heads'.
    """
    content = read_export(path)
    heads = content.clusters()
    picked = int(agreement(next(iter(heads.values()))).argmax())
    return measure_heads(heads, content.labels, picked, path, output, of or {})


def _ours(content: Mapping[str, Any], path: Path) -> Export:
    labels, classes = content.get("labels"), content.get("classes")
    if not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
        raise UserError(f"{path}: 'classes' is no list of names; {REMEDY}")
    if not (isinstance(labels, Tensor) and _is_plain(labels)):
        labels = torch.zeros(())
    if labels.dtype != torch.int64 or labels.ndim != 1:
        raise UserError(f"{path}: 'labels' is no tensor (N,) of whole numbers; {REMEDY}")
    if len(labels) and not -1 <= int(labels.min()) <= int(labels.max()) < len(classes):
        raise UserError(f"{path}: 'labels' names others than its {len(classes)} classes; {REMEDY}")
    logits = {}
    for modality in ("video", "audio", JOINED):
        if modality in content:
            heads = _heads(content[modality])
            if not heads:
                raise UserError(
                    f"{path}: {modality!r} is no list of one tensor (N, K) per head; {REMEDY}"
                )
            logits[modality] = heads
    names = np.array([*classes, ""], dtype=str)  # -1 is the last
    return _checked(Export(logits, names[labels.numpy()]), path)


def _checked(export: Export, path: Path) -> Export:
    if not export.logits:
        raise UserError(f"{path} holds no logits, of neither 'video' nor 'audio'")
    shapes = {tuple(head.shape) for heads in export.logits.values() for head in heads}
    if any(0 in shape for shape in shapes):
        raise UserError(f"{path} holds logits of no clips, or of no clusters: {sorted(shapes)}")
    if len(shapes) != 1 or len({len(h) for h in export.logits.values()}) != 1:
        raise UserError(f"{path}: the heads' logits differ in shape: {sorted(shapes)}")
    if {shape[0] for shape in shapes} != {len(export.labels)}:
        raise UserError(f"{path}: {len(export.labels)} labels for logits of shape {shapes.pop()}")
    if not all(bool(torch.isfinite(h).all()) for heads in export.logits.values() for h in heads):
        raise UserError(f"{path} holds logits that are not finite numbers")
    return export


def _heads(part: Any) -> list[Tensor] | None:
    """The (N, K) logits of each head, if that is what `part` is."""
    if isinstance(part, list | tuple):
        arrays = [_tensor(item) for item in part]
        if arrays and all(a is not None and a.ndim == 2 for a in arrays):
            return [a.float() for a in arrays if a is not None]
        return None
    array = _tensor(part)
    if array is None or array.ndim not in (2, 3) or not _has_fractions(part):
        return None
    return [array.float()] if array.ndim == 2 else list(array.float())


def _flat(part: Any) -> np.ndarray | None:
    if isinstance(part, list | tuple) and part and all(isinstance(x, int | str) for x in part):
        part = np.array(part)
    if isinstance(part, Tensor):
        part = part.detach().numpy() if _is_plain(part) else None
    if not (isinstance(part, np.ndarray) and part.ndim == 1 and part.dtype.kind in "biufUSO"):
        return None
    if part.dtype.kind == "f" and not np.isfinite(part).all():
        return None
    if part.dtype.kind == "S":
        return np.char.decode(part, "utf-8", "backslashreplace")
    return part.astype(str)


def _tensor(part: Any) -> Tensor | None:
    if isinstance(part, np.ndarray) and part.dtype.kind in "fiu":
        return torch.from_numpy(part.astype(np.float32))
    return part.detach() if isinstance(part, Tensor) and _is_plain(part) else None


def _has_fractions(part: Any) -> bool:
    if isinstance(part, np.ndarray):
        return bool(part.dtype.kind == "f")
    return bool(part.is_floating_point())


def _is_plain(part: Tensor) -> bool:
    """Whether a tensor has its own numbers, all of them, in memory."""
    if part.layout != torch.strided or part.device.type != "cpu" or part.is_quantized:
        return False
    if part.is_complex() or (part.dtype == torch.bool and part.ndim != 1):
        return False
    return part.untyped_storage().nbytes() >= part.numel() * part.element_size()
