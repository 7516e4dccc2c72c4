"""Read files that others pickled, as far as they hold tensors and arrays and nothing else."""

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

    It may hold tensors and numpy arrays, in lists, tuples and dicts, with numbers and text. What
    would run code is refused before it is built.

    Raises UserError if the file is missing or damaged, or is or holds anything else.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist")
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it")
    require_whole(path, "get or export it again")
    try:
        with machine_at_fault(path), torch.serialization.safe_globals(_SAFE):
            return plain(torch.load(path, map_location="cpu", weights_only=True))
    except UserError:
        raise
    except Exception as as_tensors:  # torch raises many kinds for files that are not its own
        if _begins_with(path, b"PK"):  # of torch.save, and no other
            raise UserError(
                f"{path} cannot be read as tensors and arrays alone: {_words(as_tensors)}"
            ) from None
        try:
            with machine_at_fault(path), path.open("rb") as file:
                return plain(_Arrays(file).load())
        except UserError:
            raise
        except Exception as as_pickle:
            raise UserError(
                f"{path} cannot be read as tensors and arrays alone: {_words(as_pickle)} "
                f"(as a file of torch.save: {_words(as_tensors)})"
            ) from None


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _words(error: Exception) -> str:
    """What an error says, without torch's advice to run the code that a file may hold."""
    text = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].partition(". In PyTorch")[0]


def _storage(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How pickles below protocol 3 hold bytes; any other codec is none of theirs."""
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

_NUMPY = {f"{m}.{name}": known for (m, name), known in _ALLOWED.items() if "torch" not in m}
_SAFE: list[Any] = [
    *((known, name) for name, known in _NUMPY.items()),
    *((known, name.replace("._core.", ".core.")) for name, known in _NUMPY.items()),
]


class _Arrays(pickle.Unpickler):
    """An unpickler that knows arrays and tensors only."""

    def find_class(self, module: str, name: str) -> Any:
        known = _ALLOWED.get((module.replace("numpy.core.", "numpy._core."), name))
        if known is None:
            raise pickle.UnpicklingError(f"it holds {module}.{name}, which is not allowed")
        return known
