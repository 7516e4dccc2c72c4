"""Read files of torch.save from others: tensors and plain data, never code."""

import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from selavi.files import UserError
from selavi.models.zoo import digest_of
from selavi.tensor_files import machine_at_fault, require_whole

MAX_CLASSES = 50


class _Ignored:
    """Placeholder for an object of a class that is neither imported nor built."""

    kind = ""

    def __new__(cls, *_: object) -> "_Ignored":
        return object.__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def read_weights_file(path: Path) -> tuple[Any, list[str]]:
    """Read tensors and plain data; ignore all other objects, since building them could run code.

    Parameters
    ----------
    path : Path
        A file of torch.save.

    Returns
    -------
    content : object
        Tensors, numbers and text, in lists and dicts.
    ignored : list of str
        Key and class of each ignored object, such as a training script's arguments.

    Raises
    ------
    UserError
        If the file is missing, damaged, not of torch.save, or asks for a function to be run.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist")
    require_whole(path, "get the file again")
    classes: dict[str, type[_Ignored]] = {}
    while len(classes) < MAX_CLASSES:
        try:
            allowed: list[Any] = [(placeholder, name) for name, placeholder in classes.items()]
            with machine_at_fault(path), torch.serialization.safe_globals(allowed):
                content = torch.load(path, map_location="cpu", weights_only=True)
        except UserError:
            raise
        except pickle.UnpicklingError as error:
            unknown = re.search(r"GLOBAL (\S+) was not an allowed global", str(error))
            if not unknown and not is_zipfile(path):
                raise UserError(f"{path} is not a file of torch.save") from None
            if not unknown or unknown[1] in classes:
                break
            classes[unknown[1]] = type("_Ignored", (_Ignored,), {"kind": unknown[1]})
        except Exception as error:  # torch raises many types for invalid files
            raise UserError(f"{path} is not a file of torch.save: {_first_line(error)}") from None
        else:
            return content, list(dict.fromkeys(_ignored_keys(content, "")))
    raise UserError(
        f"{path} cannot be read without running code that it names; get a file that holds the "
        "weights alone, saved by torch.save(model.state_dict(), FILE)"
    )


def require_named_digest(path: Path) -> None:
    """Check a file that torchvision named: the digits in its name begin its SHA-256.

    Its files have a format without checksums.

    Parameters
    ----------
    path : Path
        The file; other names are not checked.

    Raises
    ------
    UserError
        If its SHA-256 does not begin with these digits.
    """
    name = re.fullmatch(r"r2plus1d_18-([0-9a-f]{8,64})\.pth", path.name)
    if name is None:
        return
    digest = digest_of(path)
    if not digest.startswith(name[1]):
        raise UserError(
            f"{path} is damaged: its SHA-256 begins with {digest[: len(name[1])]}, not with the "
            "digits in its name; get the file again"
        )


def is_plain(value: Any) -> bool:
    """Whether this is a dense tensor whose storage holds all of its elements.

    A file may also hold sparse or quantised tensors, meta tensors, and expanded ones, whose shape
    exceeds memory.
    """
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and value.numel() * value.itemsize <= value.untyped_storage().nbytes()
    )


def rename(weights: Mapping[Any, Any], names: Mapping[Any, str], source: str) -> dict[str, Any]:
    """Give weights other names; none may replace another.

    Parameters
    ----------
    weights : mapping
        Weights by their keys.
    names : mapping
        By key, the new name; keys without one are left out.
    source : str
        The file's name, for errors.

    Returns
    -------
    dict
        Weights by the new names.

    Raises
    ------
    UserError
        If two keys get the same name.
    """
    keys: dict[str, Any] = {}
    for key, name in names.items():
        if name in keys:
            raise UserError(
                f"{source} holds the weight {name} twice, as {keys[name]} and as {key}; remove one "
                "of them"
            )
        keys[name] = key
    return {name: weights[key] for name, key in keys.items()}


def describe_mismatch(weights: dict[str, Any], expected: dict[str, Tensor]) -> str:
    """Compare names, shapes and kinds of weights.

    Parameters
    ----------
    weights : dict
        Weights of a file, by name.
    expected : dict of str to Tensor
        State dict of the network, on any device.

    Returns
    -------
    str
        The differences; empty if there are none.
    """
    unknown = [key for key in weights if key not in expected]
    missing = [key for key in expected if key not in weights]
    if unknown or missing:
        return f"{_some(unknown)} unknown, {_some(missing)} missing"
    wrong = [
        f"{key}: {_form(weights[key])} for {_form(value)}"
        for key, value in expected.items()
        if not _fits(weights[key], value)
    ]
    return f"the shape or kind of {_some(wrong)} does not fit the network" if wrong else ""


def _fits(value: Any, expected: Tensor) -> bool:
    return (
        is_plain(value)
        and value.shape == expected.shape
        and value.is_floating_point() == expected.is_floating_point()
    )


def _form(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    kind = str(value.dtype).removeprefix("torch.")
    plain = is_plain(value) or value.device.type == "meta"  # of a network without memory
    return f"{tuple(value.shape)} {kind}" + ("" if plain else ", not a plain tensor,")


def _some(keys: list[str]) -> str:
    shown = ", ".join(map(str, keys[:3]))
    return f"{len(keys)} weights" + (
        f" ({shown}{', ...' if len(keys) > 3 else ''})" if keys else ""
    )


def require_finite(path: Path, weights: dict[str, Tensor], remedy: str) -> None:
    """Check that all weights are finite.

    Parameters
    ----------
    path : Path
        Their file, for the error.
    weights : dict of str to Tensor
        Weights by name.
    remedy : str
        End of the error's text.

    Raises
    ------
    UserError
        If a weight is NaN or infinite.
    """
    for name, values in weights.items():
        if not values.isfinite().all():
            raise UserError(f"{path}: {name} holds NaN or infinity; {remedy}")


def _ignored_keys(content: Any, where: str) -> Iterator[str]:
    kind = (
        content if isinstance(content, type) else type(content)
    )  # the content may itself be a class
    if issubclass(kind, _Ignored):
        yield f"{where or 'the whole file'} ({kind.kind})"
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _ignored_keys(value, f"{where}.{key}" if where else str(key))
    elif isinstance(content, list | tuple | set):
        for value in content:
            yield from _ignored_keys(value, where)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
