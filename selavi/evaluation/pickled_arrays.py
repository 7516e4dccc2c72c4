"""Rebuild pickled numpy arrays from plain numbers and text.

numpy's own unpickling trusts the pickle: with a false dtype, numbers are read as memory addresses.
"""

import re
from pickle import UnpicklingError
from typing import Any, Literal

import numpy as np

_CODES = re.compile(r"b1|[iu][1248]|f[248]|f16|c(8|16)|[US]\d{1,9}|O8?")


class Dtype:
    """A pickled dtype of numbers or text: its code and byte order."""

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        if not (isinstance(code, str) and _CODES.fullmatch(code)):
            raise UnpicklingError(f"it holds an array of dtype {code!r:.50}, which is not allowed")
        self.plain = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        """Set the byte order; refuse structured dtypes."""
        _, order, *structure = state[:5]
        if order not in ("<", ">", "|", "=") or any(field is not None for field in structure):
            raise UnpicklingError("it holds a structured array, which is not allowed")
        if order in ("<", ">"):
            self.plain = self.plain.newbyteorder(order)


class Array:
    """A pickled array; `value` is None until its state has been set."""

    value: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.fill(shape, dtype, data, "F" if fortran else "C")

    def fill(self, shape: Any, dtype: Any, data: Any, order: Literal["C", "F"]) -> None:
        """Set the value from data, whose size must match shape and dtype."""
        if not isinstance(dtype, Dtype):
            raise UnpicklingError("it holds an array without a dtype")
        if dtype.plain.kind == "O":
            self.value = _objects(shape, data)
            return
        if not isinstance(data, bytes | bytearray | memoryview):
            raise UnpicklingError(f"it holds an array with {type(data).__name__} as data")
        array: np.ndarray = np.ndarray(shape, dtype.plain, data, order=order)
        if array.nbytes != memoryview(data).nbytes:
            raise UnpicklingError("it holds an array whose size does not match its data")
        self.value = array.astype(dtype.plain.newbyteorder("="), order="C")


def _objects(shape: Any, data: Any) -> np.ndarray:
    """An object array of text or numbers, as pandas writes them."""
    if not (isinstance(data, list) and all(isinstance(x, str | int | float) for x in data)):
        raise UnpicklingError("it holds an array of objects, which is not allowed")
    array = np.empty(len(data), object)
    array[:] = data
    return array.reshape(shape)


def reconstruct(kind: Any, shape: Any, code: Any) -> Array:
    """Replace numpy's function: an array whose state follows."""
    return Array()


def from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> Array:
    """Replace numpy's function of pickle protocol 5."""
    array = Array()
    array.fill(shape, dtype, bytes(data), "F" if order == "F" else "C")
    return array


def scalar(dtype: Any, data: Any = b"") -> Any:
    """Replace numpy's function: a scalar."""
    array = Array()
    array.fill((), dtype, data, "C")
    return array.value[()]


def plain(content: Any) -> Any:
    """Replace every `Array` of unpickled content by its value.

    Parameters
    ----------
    content : object
        Nested lists, tuples and dicts.

    Returns
    -------
    object
        The same, with numpy arrays.

    Raises
    ------
    pickle.UnpicklingError
        If a container holds itself, or an array has no content.
    """
    return _plain(content, {})


def _plain(content: Any, known: dict[int, Any]) -> Any:
    if not isinstance(content, Array | dict | list | tuple):
        return content
    if id(content) in known:
        if known[id(content)] is None:
            raise UnpicklingError("it holds a list in itself, or an array without content")
        return known[id(content)]
    known[id(content)] = None
    result: Any
    if isinstance(content, Array):
        result = content.value
    elif isinstance(content, dict):
        result = {key: _plain(value, known) for key, value in content.items()}
    else:
        result = [_plain(value, known) for value in content]
        result = tuple(result) if isinstance(content, tuple) else result
    if result is None:
        raise UnpicklingError("it holds an array without content")
    known[id(content)] = result
    return result
