"""Read pickles of tensors and arrays without running the code that a pickle can name."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from selavi.evaluation.pickled_arrays import (
    Array,
    Dtype,
    from_buffer,
    plain,
    reconstruct,
    scalar,
)
from selavi.files import UserError
from selavi.tensor_files import machine_at_fault, require_whole


def load_arrays(path: Path) -> Any:
    """Load a file of `torch.save` or `pickle.dump`.

    Parameters
    ----------
    path : Path
        The file: tensors, numpy arrays, numbers and text, in lists, tuples and dicts.

    Returns
    -------
    object
        Its content.

    Raises
    ------
    UserError
        If the file is missing or damaged, or holds any other object; none is imported or built.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist")
    if path.is_dir():
        raise UserError(f"{path} is a folder; give a file in it")
    require_whole(path, "get it again, or write it again")
    try:
        with machine_at_fault(path), torch.serialization.safe_globals(_SAFE):
            return plain(torch.load(path, map_location="cpu", weights_only=True))
    except UserError:
        raise
    except Exception as as_tensors:  # torch raises many types for other files
        if _begins_with(path, b"PK"):  # a zip archive of torch.save, not a plain pickle
            raise UserError(
                f"{path} cannot be read as tensors and arrays alone: {_reason(as_tensors)}"
            ) from None
        try:
            with machine_at_fault(path), path.open("rb") as file:
                return plain(_Arrays(file).load())
        except UserError:
            raise
        except Exception as as_pickle:
            raise UserError(
                f"{path} cannot be read as tensors and arrays alone: {_reason(as_pickle)} "
                f"(as a file of torch.save: {_reason(as_tensors)})"
            ) from None


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _reason(error: Exception) -> str:
    """First line of an error, without torch's advice to load the file with code."""
    text = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].partition(". In PyTorch")[0]


def _storage(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Replace `_codecs.encode`, by which pickles below protocol 3 store bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the codec {encoding!r} is not allowed")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): Array,
    ("numpy", "dtype"): Dtype,
    ("numpy._core.multiarray", "_reconstruct"): reconstruct,
    ("numpy._core.multiarray", "scalar"): scalar,
    ("numpy._core.numeric", "_frombuffer"): from_buffer,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch.storage", "_load_from_bytes"): _storage,
}

_NUMPY = {
    f"{m}.{name}": replacement for (m, name), replacement in _ALLOWED.items() if "torch" not in m
}
_SAFE: list[Any] = [
    *((replacement, name) for name, replacement in _NUMPY.items()),
    *((replacement, name.replace("._core.", ".core.")) for name, replacement in _NUMPY.items()),
]


class _Arrays(pickle.Unpickler):
    """An unpickler of arrays and tensors only."""

    def find_class(self, module: str, name: str) -> Any:
        replacement = _ALLOWED.get((module.replace("numpy.core.", "numpy._core."), name))
        if replacement is None:
            raise pickle.UnpicklingError(f"it holds {module}.{name}, which is not allowed")
        return replacement
