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
    run code: they are left unread. Raises UserError if the file is missing or not of torch.save.
    """
    kinds: dict[str, type[_Unread]] = {}
    while len(kinds) < MOST_KINDS:
        try:
            with torch.serialization.safe_globals([(kind, name) for name, kind in kinds.items()]):
                content = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            raise UserError(f"{path} does not exist") from None
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
