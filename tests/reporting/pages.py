"""Reads what a page holds, as a browser does."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np


def run_of(page: Path) -> dict[str, Any]:
    """The JSON in a page."""
    found = re.findall(
        r'<script type="application/json" id="run">(.*?)</script>', page.read_text("utf-8")
    )
    assert len(found) == 1
    run: dict[str, Any] = json.loads(found[0])
    return run


def read_column(page: Path, name: str) -> Any:
    """A column of a page: an array, or what its JSON says."""
    text = (page.parent / "data" / f"{name}.js").read_text("ascii")
    found = re.fullmatch(r'selavi\((\{.*\}),"([A-Za-z0-9+/=]*)"\)\n', text)
    assert found
    header, content = json.loads(found[1]), gzip.decompress(base64.b64decode(found[2]))
    assert header["name"] == name
    if header["type"] == "json":
        return json.loads(content.decode("utf-8", "surrogatepass"))
    kind = np.dtype(header["type"]).newbyteorder("<")
    return np.frombuffer(content, kind).reshape(header["shape"])


def ids_of(page: Path) -> list[str]:
    """The ids of a page's clips, by row."""
    return [bytes(row).hex() for row in read_column(page, "ids")]


def stored_ids(page: Path) -> set[str]:
    """The ids of the clips that a page says are stored with it."""
    media = read_column(page, "media")
    return {name for name, kind in zip(ids_of(page), media, strict=True) if kind == 2}
