"""Model files in the format safetensors: weights, and text beside them in the file's metadata.

The format has no checksums, so the metadata holds the SHA-256 of the weights.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from selavi.files import UserError, atomic_path
from selavi.tensor_files import machine_at_fault

SUFFIX = ".safetensors"


def write_safetensors(path: Path, content: dict[str, Any]) -> None:
    """Write a model file.

    Parameters
    ----------
    path : Path
        The file.
    content : dict
        `weights`, by name; everything else is written as JSON.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    weights = {name: value.contiguous() for name, value in content["weights"].items()}
    text = {key: json.dumps(value) for key, value in content.items() if key != "weights"}
    text["sha256"] = json.dumps(_digest(weights))
    with atomic_path(path) as temporary:
        save_file(weights, temporary, text)


def read_safetensors(path: Path) -> dict[str, Any]:
    """Read a file of this format.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        As `write_safetensors` takes it; of a file of others, the weights themselves, by name.

    Raises
    ------
    UserError
        If the file is damaged or not of this format.
    """
    try:
        with machine_at_fault(path), safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            text = file.metadata() or {}
    except UserError:
        raise
    except (SafetensorError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} is not a file of safetensors: {reason}; get it again") from None
    if "sha256" not in text:
        return weights
    try:
        content = {key: json.loads(value) for key, value in text.items()}
    except (ValueError, RecursionError):
        content = {"sha256": ""}
    if content.pop("sha256") != _digest(weights):
        raise UserError(f"{path} is damaged (its weights differ from their SHA-256); get it again")
    return content | {"weights": weights}


def _digest(weights: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
