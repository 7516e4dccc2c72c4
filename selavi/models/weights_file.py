"""Files of torch.save that others wrote: their tensors and plain data, and nothing else of them."""

import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from selavi.files import UserError
from selavi.tensor_files import machine_at_fault, require_whole

MOST_KINDS = 50


class _Unread:
    """Stands where a file holds an object of some class: neither built nor imported."""

    kind = ""

    def __new__(cls, *_: object) -> "_Unread":
        return object.__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def read_weights_file(path: Path) -> tuple[Any, list[str]]:
    """What a file holds, and the keys, with a word each, of what was left unread.

    Objects that are neither tensors nor plain data, such as a training script's arguments, could
    run code: they are left unread. Raises UserError if the file is missing, damaged or not of
    torch.save.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist")
    require_whole(path, "get the file again")
    kinds: dict[str, type[_Unread]] = {}
    while len(kinds) < MOST_KINDS:
        try:
            known: list[Any] = [(kind, name) for name, kind in kinds.items()]
            with machine_at_fault(path), torch.serialization.safe_globals(known):
                content = torch.load(path, map_location="cpu", weights_only=True)
        except UserError:
            raise
        except pickle.UnpicklingError as error:
            unknown = re.search(r"GLOBAL (\S+) was not an allowed global", str(error))
            if not unknown and not is_zipfile(path):
                raise UserError(f"{path} is no file of torch.save") from None
            if not unknown or unknown[1] in kinds:
                break
            kinds[unknown[1]] = type("_Unread", (_Unread,), {"kind": unknown[1]})
        except Exception as error:  # torch raises many kinds for files that are not its own
            raise UserError(f"{path} is no file of torch.save: {_first_line(error)}") from None
        else:
            return content, list(dict.fromkeys(_unread(content, "")))
    raise UserError(
        f"{path} cannot be read without running code that it names; ask for a file that holds the "
        "weights alone: torch.save(model.state_dict(), FILE)"
    )


def is_plain(value: Any) -> bool:
    """Whether this is a tensor with all its numbers in memory.

    A file may also hold sparse or quantised ones, ones without content, and ones that repeat few
    numbers to fill a shape without bounds.
    """
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and value.numel() * value.itemsize <= value.untyped_storage().nbytes()
    )


def misfit(weights: dict[str, Any], expected: dict[str, Tensor]) -> str:
    """How weights differ from the expected ones in names, shapes and kinds; "" for not at all."""
    unknown = [key for key in weights if key not in expected]
    missing = [key for key in expected if key not in weights]
    if unknown or missing:
        return f"{_some(unknown)} unknown, {_some(missing)} missing"
    wrong = [key for key, value in expected.items() if not _fits(weights[key], value)]
    return f"the shape or kind of {_some(wrong)} does not fit the network" if wrong else ""


def _fits(value: Any, expected: Tensor) -> bool:
    return (
        is_plain(value)
        and value.shape == expected.shape
        and value.is_floating_point() == expected.is_floating_point()
    )


def _some(keys: list[str]) -> str:
    shown = ", ".join(map(str, keys[:3]))
    return f"{len(keys)} weights" + (
        f" ({shown}{', ...' if len(keys) > 3 else ''})" if keys else ""
    )


def require_finite(path: Path, weights: dict[str, Tensor], remedy: str) -> None:
    """Raise UserError, with the remedy, if some weights are not finite numbers."""
    for name, values in weights.items():
        if not values.isfinite().all():
            raise UserError(f"{path} has gone bad: {name} is not all finite numbers; {remedy}")


def _unread(content: Any, where: str) -> Iterator[str]:
    kind = content if isinstance(content, type) else type(content)  # or a class, or a function
    if issubclass(kind, _Unread):
        yield f"{where or 'the whole'} ({kind.kind})"
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _unread(value, f"{where}.{key}" if where else str(key))
    elif isinstance(content, list | tuple | set):
        for value in content:
            yield from _unread(value, where)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
