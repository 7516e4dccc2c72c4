"""Read files that others pickled, as far as they hold tensors and arrays and nothing else."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core import multiarray, numeric

from selavi.files import UserError
from selavi.tensor_files import require_whole


def load_arrays(path: Path) -> Any:
    """Load a file of `torch.save` or `pickle.dump`.

    It may hold tensors and numpy arrays, in lists, tuples and dicts, with numbers and text. What
    would run code is refused before it is built.

    Raises UserError if the file is missing or damaged, or is or holds anything else.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist")
    require_whole(path, "get or export it again")
    try:
        with torch.serialization.safe_globals(_SAFE):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as as_tensors:  # torch raises many kinds for files that are not its own
        try:
            with path.open("rb") as file:
                return _Arrays(file).load()
        except Exception as as_pickle:
            raise UserError(
                f"{path} cannot be read as tensors and arrays alone: {as_pickle} "
                f"(as a file of torch.save: {str(as_tensors).splitlines()[0]})"
            ) from None


def _storage(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How pickles below protocol 3 hold bytes; any other codec is none of theirs."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the codec {encoding!r} is not allowed")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy._core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy._core.multiarray", "scalar"): multiarray.scalar,
    ("numpy._core.numeric", "_frombuffer"): numeric._frombuffer,  # type: ignore[attr-defined]
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch.storage", "_load_from_bytes"): _storage,
}

_NUMPY = {f"{m}.{name}": known for (m, name), known in _ALLOWED.items() if "torch" not in m}
_SAFE: list[Any] = [
    *((known, name) for name, known in _NUMPY.items()),
    *((known, name.replace("._core.", ".core.")) for name, known in _NUMPY.items()),
    *{type(np.dtype(code)) for code in "?bBhHiIlLqQefdUS"},
]


class _Arrays(pickle.Unpickler):
    """An unpickler that knows arrays and tensors only."""

    def find_class(self, module: str, name: str) -> Any:
        known = _ALLOWED.get((module.replace("numpy.core.", "numpy._core."), name))
        if known is None:
            raise pickle.UnpicklingError(f"it holds {module}.{name}, which is not allowed")
        return known
