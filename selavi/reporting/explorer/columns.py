"""The data files of a page: one column each, which the page loads when it needs it."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from selavi.files import write_text

TYPES = ("int16", "uint8", "uint16", "float32")
"""Types that a browser reads as they are stored."""


def write_column(folder: Path, name: str, values: "np.ndarray | list[Any] | dict[str, Any]") -> int:
    """Write a column as a script, `{name}.js`: browsers refuse to fetch data from file://.

    The script calls `selavi(header, content)`. The content is gzip, in base64.

    Parameters
    ----------
    folder : Path
        Where to write.
    name : str
        Name of the column.
    values : numpy.ndarray or list or dict
        An array of one of the types `TYPES`, or what JSON can hold.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    TypeError
        If the array has another type.
    """
    if isinstance(values, np.ndarray):
        if values.dtype.name not in TYPES:
            raise TypeError(f"column {name} has the type {values.dtype}; use {', '.join(TYPES)}")
        header = {"name": name, "type": values.dtype.name, "shape": list(values.shape)}
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        content = np.ascontiguousarray(little).tobytes()
    else:
        header = {"name": name, "type": "json", "shape": []}
        content = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    # mtime=0: the same data give the same file.
    packed = base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii")
    text = f'selavi({json.dumps(header)},"{packed}")\n'
    write_text(folder / f"{name}.js", text)
    return len(text)
