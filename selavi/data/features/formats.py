"""Files of features: which clips they name, and their rows, memory-mapped where the format can."""

import errno
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import torch

from selavi.data.text_files import read_text, split_rows
from selavi.disk import refusal
from selavi.files import UserError, in_words

NAMES = ("id", "key")
"""Columns that name clips, in this order."""
HEADER = 30  # bytes of a member's header in a zip, before its name


@dataclass(frozen=True)
class FeatureFile:
    """The content of one file.

    Attributes
    ----------
    path : Path
        The file.
    names : numpy.ndarray
        (n,) text, the id or the key of each row's clip.
    rows : numpy.ndarray
        (n, D) numbers, of any type; it may be memory-mapped.
    rejected : dict of str to str
        Why a clip has no features, by its name. If it has a row, that row means nothing.
    """

    path: Path
    names: np.ndarray
    rows: np.ndarray
    rejected: dict[str, str] = field(default_factory=dict)


def feature_paths(source: Path) -> list[Path]:
    """The files that a setting names: one, those of a folder, or those of a pattern.

    Parameters
    ----------
    source : Path
        A file; a folder; or a path with `*`, `?` or `[` in its last part.

    Returns
    -------
    list of Path
        In the order of their names.

    Raises
    ------
    UserError
        If there is none.
    """
    if source.is_dir():
        found = [path for path in source.iterdir() if path.suffix in READERS]
    elif source.exists() or not any(mark in source.name for mark in "*?["):
        return [source]
    else:
        found = [path for path in source.parent.glob(source.name) if path.suffix in READERS]
    if not found:
        kinds = ", ".join(READERS)
        raise UserError(f"{source} has no file of features ({kinds}); correct the path")
    return sorted(found)


def beside(path: Path) -> list[Path]:
    """The CSVs beside a file that may name its clips, as far as they are there."""
    tables = [path.with_suffix(suffix) for suffix in (".csv", ".ids.csv")]
    return [table for table in tables if table.is_file()]


def read_feature_file(path: Path) -> FeatureFile:
    """Read the names of a file's clips, and open their rows.

    Parameters
    ----------
    path : Path
        .npz: arrays `ids` and `features`, and optionally `rejected` (m, 2), ids and reasons. .npy:
        the rows; a CSV beside it, `F.csv` or `F.ids.csv` of `F.npy`, has the column `id` or `key`,
        and optionally `reason`, why a clip has no features. .parquet: a
        column `id` or `key`, and a column `features` of lists, or a column for each feature.
        .safetensors: a tensor `features`; the ids are JSON in its metadata, `ids`, or as of .npy.

    Returns
    -------
    FeatureFile
        The file.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another form, or does not name each row's clip.
    """
    if path.suffix not in READERS:
        raise UserError(f"{path} is not a file of features by its suffix; use {', '.join(READERS)}")
    try:
        found = READERS[path.suffix](path)
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"{error.filename or path} does not exist; correct the path") from None
    except (MemoryError, OverflowError) as error:
        raise UserError(f"{path} declares an array larger than memory: {error}") from None
    except Exception as error:  # numpy, zipfile, pyarrow and safetensors raise many types
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(refusal(error, path, "read")) from None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} cannot be read: {reason}; make it again") from None
    _check_form(found)
    return found


def _check_form(file: FeatureFile) -> None:
    rows, names = file.rows, file.names
    if rows.ndim != 2 or rows.dtype.kind not in "fiu" or (len(rows) and not rows.shape[1]):
        raise UserError(
            f"{file.path} holds {rows.dtype} of shape {rows.shape}; features are numbers of shape "
            "(clips, D)"
        )
    if len(names) != len(rows):
        raise UserError(
            f"{file.path} names {len(names)} clips and has {len(rows)} rows of features; each row "
            "needs the id of its clip"
        )


def _npz(path: Path) -> FeatureFile:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        for name in ("ids", "features"):
            if name not in members:
                raise UserError(
                    f"{path} has no array {name!r}, only {', '.join(members) or 'nothing'}; save "
                    "it by numpy.savez(file, ids=..., features=...)"
                )
        names = _text(_member(archive, members["ids"]), path, "ids")
        rejected = np.empty((0, 2), str)
        if "rejected" in members:
            rejected = _text(_member(archive, members["rejected"]), path, "rejected")
        rows = _mapped(path, members["features"])
        if rows is None:
            rows = _member(archive, members["features"])
    if names.ndim != 1 or (rejected.size and (rejected.ndim != 2 or rejected.shape[1] != 2)):
        raise UserError(
            f"{path} holds ids of shape {names.shape} and rejected of shape {rejected.shape}; they "
            "are (clips,) and (rejected clips, 2)"
        )
    return FeatureFile(path, names, rows, dict(rejected.reshape(-1, 2).tolist()))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _mapped(path: Path, info: zipfile.ZipInfo) -> np.ndarray | None:
    """A member of a zip, memory-mapped; None if it is compressed."""
    if info.compress_type != zipfile.ZIP_STORED:
        return None
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(HEADER)
        file.seek(sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28)), 1)
        shape, fortran, dtype = _array_header(file)
        start = file.tell()
    if dtype.hasobject:
        raise UserError(f"{path} holds Python objects as features; save an array of numbers")
    if start + dtype.itemsize * int(np.prod(shape)) > path.stat().st_size:
        raise ValueError("the file is cut off")
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")


def _array_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _npy(path: Path) -> FeatureFile:
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    names, rejected = _names_beside(path)
    return FeatureFile(path, names, rows, rejected)


def _parquet(path: Path) -> FeatureFile:
    table = pd.read_parquet(path)
    column = next((name for name in NAMES if name in table), None)
    if column is None:
        raise UserError(f"{path} has no column `id` or `key`, which name each row's clip; add one")
    if lacking := int(table[column].isna().sum()):
        raise UserError(
            f"{path} names no clip in {lacking} of {len(table)} rows; fill in its {column}"
        )
    names = table[column].astype(str).to_numpy(str)
    if "features" in table:
        lists = table["features"].to_list()
        lengths = {len(row) for row in lists}
        if len(lengths) > 1:
            raise UserError(
                f"{path} has features of {min(lengths)} to {max(lengths)} numbers; all clips need "
                "as many"
            )
        rows = np.array(lists)
    else:
        rows = table.drop(columns=[n for n in (*NAMES, "label") if n in table]).to_numpy()
    return FeatureFile(path, names, rows)


def _safetensors(path: Path) -> FeatureFile:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:  # numpy has no bfloat16
        if "features" not in file.keys():  # noqa: SIM118
            held = ", ".join(file.keys())
            raise UserError(f"{path} has no tensor 'features', only {held}; name it so")
        tensor = file.get_tensor("features")
        rows = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        text = (file.metadata() or {}).get("ids")
    if text is None:
        names, rejected = _names_beside(path)
        return FeatureFile(path, names, rows, rejected)
    ids = json.loads(text)
    if not (isinstance(ids, list) and all(isinstance(name, str) for name in ids)):
        raise UserError(f"{path} has `ids` in its metadata that are not a JSON list of text")
    return FeatureFile(path, np.array(ids, str), rows)


READERS = {".npz": _npz, ".npy": _npy, ".parquet": _parquet, ".safetensors": _safetensors}
"""By suffix, how a file is read."""


def _text(array: np.ndarray, path: Path, name: str) -> np.ndarray:
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    if array.dtype.kind != "U" and array.size:
        raise UserError(f"{path} holds {name} of type {array.dtype}; save them as text")
    return array.astype(str)


def _names_beside(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """The names of a file's rows, and the rejected clips, from the CSV beside it."""
    tables = beside(path)
    if not tables:
        raise UserError(
            f"{path} does not name its clips: write {path.with_suffix('.csv')} with a column `id` "
            "or `key`, a row for each row of features"
        )
    table = tables[0]
    _, (header, *cells) = split_rows(table, read_text(table) or "id", "id")
    columns = [name.strip().casefold() for name in header[1]]
    column = next((name for name in NAMES if name in columns), None)
    if column is None:
        raise UserError(f"{table} has no column `id` or `key`, only {in_words(columns)}; add one")
    rejections = columns.index("reason") if "reason" in columns else None
    names, rejected = [], {}
    for line, row in _whole_rows(table, cells, len(columns)):
        name, reason = row[columns.index(column)], "" if rejections is None else row[rejections]
        if not name:
            raise UserError(f"{table}, line {line} names no clip; fill in its {column}")
        if reason:
            rejected[name] = reason
        names.append(name)
    return np.array(names, str), rejected


def _whole_rows(
    table: Path, cells: list[tuple[int, list[str]]], columns: int
) -> Iterator[tuple[int, list[str]]]:
    for line, row in cells:
        if len(row) != columns:
            raise UserError(f"{table}, line {line} has {len(row)} cells, and the header {columns}")
        yield line, row
