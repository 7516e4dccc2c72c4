"""Numpy arrays as pickles describe them, made anew from plain numbers and text.

numpy's own way to load them believes the pickle: one that lies about a dtype makes numbers pass for
addresses in memory.
"""

import re
from pickle import UnpicklingError
from typing import Any, Literal

import numpy as np

_CODES = re.compile(r"b1|[iu][1248]|f[248]|f16|c(8|16)|[US]\d{1,9}|O8?")


class Dtype:
    """A dtype as a pickle has it: a code of numbers or text, and the order of its bytes."""

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        if not (isinstance(code, str) and _CODES.fullmatch(code)):
            raise UnpicklingError(
                f"it holds numbers of the kind {code!r:.50}, which is not allowed"
            )
        self.plain = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        """Take the order of bytes; other facts are the code's, or no array of numbers has them."""
        _, order, *structure = state[:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in structure):
            raise UnpicklingError("it holds an array of structures, which is not allowed")
        if order in ("<", ">"):
            self.plain = self.plain.newbyteorder(order)


class Array:
    """An array as a pickle has it; `value` once it is whole."""

    value: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.fill(shape, dtype, data, "F" if fortran else "C")

    def fill(self, shape: Any, dtype: Any, data: Any, order: Literal["C", "F"]) -> None:
        """Copy the data, which must be as much as shape and dtype say."""
        if not isinstance(dtype, Dtype):
            raise UnpicklingError("it holds an array without a dtype")
        if dtype.plain.kind == "O":
            self.value = _objects(shape, data)
            return
        if not isinstance(data, bytes | bytearray | memoryview):
            raise UnpicklingError(f"it holds an array with {type(data).__name__} for numbers")
        found: np.ndarray = np.ndarray(shape, dtype.plain, data, order=order)
        if found.nbytes != memoryview(data).nbytes:
            raise UnpicklingError("it holds an array of another size than its numbers have")
        self.value = found.astype(dtype.plain.newbyteorder("="), order="C")


def _objects(shape: Any, data: Any) -> np.ndarray:
    """An array of text, or of numbers, as pandas has them."""
    if not (isinstance(data, list) and all(isinstance(x, str | int | float) for x in data)):
        raise UnpicklingError("it holds an array of objects, which is not allowed")
    found = np.empty(len(data), object)
    found[:] = data
    return found.reshape(shape)


def reconstruct(kind: Any, shape: Any, code: Any) -> Array:
    """In place of numpy's: an array that its state will fill."""
    return Array()


def from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> Array:
    """In place of numpy's: an array of protocol 5."""
    array = Array()
    array.fill(shape, dtype, bytes(data), "F" if order == "F" else "C")
    return array


def scalar(dtype: Any, data: Any = b"") -> Any:
    """In place of numpy's: one number."""
    array = Array()
    array.fill((), dtype, data, "C")
    return array.value[()]


def plain(content: Any) -> Any:
    """The content with its arrays put in. Raises UnpicklingError for what is nested in itself."""
    return _plain(content, {})


def _plain(content: Any, known: dict[int, Any]) -> Any:
    if not isinstance(content, Array | dict | list | tuple):
        return content
    if id(content) in known:
        if known[id(content)] is None:
            raise UnpicklingError("it holds a list that is in itself, or an array without content")
        return known[id(content)]
    known[id(content)] = None
    found: Any
    if isinstance(content, Array):
        found = content.value
    elif isinstance(content, dict):
        found = {key: _plain(value, known) for key, value in content.items()}
    else:
        found = [_plain(value, known) for value in content]
        found = tuple(found) if isinstance(content, tuple) else found
    if found is None:
        raise UnpicklingError("it holds an array without content")
    known[id(content)] = found
    return found
