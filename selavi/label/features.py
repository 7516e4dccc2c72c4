"""Pooled features and logits of files: arrays for other programs."""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from selavi.files import UserError, atomic_path
from selavi.label.feature_rows import FeatureRows
from selavi.label.loaded import Loaded
from selavi.label.options import Options
from selavi.label.plan import plan_labels
from selavi.label.table import labels_of, outcomes_of
from selavi.label.windows import SHORTEST, Windowing
from selavi.label.work import Work
from selavi.label.work_folder import sole_use

COLUMNS = ("path", "start", "end", "modalities", "id")
SUFFIXES = (".npz", ".parquet")


@dataclass(frozen=True)
class Features:
    """Pooled features and logits of N windows.

    Attributes
    ----------
    windows : DataFrame
        N rows: `path`, `start` and `end` in seconds, `modalities` that the network saw, `id`.
    arrays : dict of str to numpy.ndarray
        `features_{modality}` (N, D) and `logits_{modality}` (N, K) of the selected head, float32;
        NaN for windows without the modality.
    rejected : DataFrame
        Files and windows without features: `path`, `start`, `end`, `reason`, `detail`.
    head : int
        The selected head.
    """

    windows: pd.DataFrame
    arrays: dict[str, np.ndarray]
    rejected: pd.DataFrame
    head: int


def windows_for(window: float | None, stride: float | None, loaded: Loaded) -> Windowing:
    """How to cut files for features: with a stride alone, as long as what the network sees.

    Parameters
    ----------
    window : float or None
        Length of a window, in seconds.
    stride : float or None
        Seconds from one window's start to the next one's.
    loaded : Loaded
        The network.

    Returns
    -------
    Windowing
        As `Windowing(window, stride)`, if not a stride alone is given.
    """
    if window is None and stride is not None:
        window = max(stride, loaded.clip_seconds, SHORTEST)
    return Windowing(window, stride)


def write_features(
    paths: Sequence[Path], loaded: Loaded, output: Path, options: Options
) -> Features:
    """Write the features of files; killed at any moment, the same call resumes.

    What is needed to resume is in `.{name}.work` beside the output, until that is written.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables, see `find_inputs`.
    loaded : Loaded
        The network.
    output : Path
        An .npz or .parquet file.
    options : Options
        How files are cut, and how the work is done.

    Returns
    -------
    Features
        As `features` with an output.

    Raises
    ------
    UserError
        As `features`.
    """
    if output.suffix not in SUFFIXES:
        raise UserError(f"{output} ends with neither {' nor '.join(SUFFIXES)}; name one of these")
    work = output.with_name(f".{output.name}.work")
    made = features(paths, loaded, work, options, output)
    shutil.rmtree(work, ignore_errors=True)
    return made


def features(
    paths: Sequence[Path], loaded: Loaded, work: Path, options: Options, output: Path | None = None
) -> Features:
    """Compute the features of files.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables, see `find_inputs`.
    loaded : Loaded
        The network.
    work : Path
        Folder for what is needed to resume.
    options : Options
        How files are cut, and how the work is done.
    output : Path, optional
        An .npz or .parquet file to write; then the arrays are not returned, as they may be larger
        than the memory.

    Returns
    -------
    Features
        Those of all windows; without arrays if they are written.

    Raises
    ------
    UserError
        If there are no files, or the machine is at fault.
    """
    with sole_use(work) as scratch:
        plan = plan_labels(paths, options, work)
        stored = Work(work, loaded.media, loaded.stored_seconds)
        rows = FeatureRows(scratch, plan.loc[plan["reason"] == "", "id"], loaded)
        outcomes = []
        for part in stored.parts(plan, loaded, options.threads):
            rows.add(part.predicted)
            outcomes.append(outcomes_of(part, loaded))
        labels = labels_of(plan, outcomes).assign(id=plan["id"])
        usable = labels["reason"] == ""
        made = Features(
            labels.loc[usable, list(COLUMNS)].reset_index(drop=True),
            {},
            labels.loc[~usable, ["path", "start", "end", "reason", "detail"]],
            loaded.head,
        )
        kept = usable[plan["reason"] == ""].to_numpy()
        if output is None:
            arrays = {name: np.array(array[kept]) for name, array in rows.arrays.items()}
            return Features(made.windows, arrays, made.rejected, made.head)
        write = _write_npz if output.suffix == ".npz" else _write_parquet
        write(output, made, rows, kept)
    return made


def _blocks(rows: FeatureRows, kept: np.ndarray, name: str) -> Iterator[np.ndarray]:
    for block in rows.blocks():
        yield rows.arrays[name][block][kept[block]]


def _write_npz(output: Path, made: Features, rows: FeatureRows, kept: np.ndarray) -> None:
    """Write what numpy.load reads, an array at a time and some rows of it."""
    with atomic_path(output) as temporary, zipfile.ZipFile(temporary, "w") as file:
        for name in COLUMNS:
            column = made.windows[name]
            values = column.to_numpy(float if name in ("start", "end") else str)
            _write_array(file, name, [values], values.shape, values.dtype)
        _write_array(file, "head", [np.array(made.head)], (), np.dtype(np.int64))
        for name, array in rows.arrays.items():
            shape = (len(made.windows), array.shape[1])
            _write_array(file, name, _blocks(rows, kept, name), shape, array.dtype)


def _write_array(
    file: zipfile.ZipFile, name: str, blocks: Any, shape: tuple[int, ...], dtype: "np.dtype[Any]"
) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape,
    }  # fmt: skip
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for block in blocks:
            member.write(np.ascontiguousarray(block).tobytes())


def _write_parquet(output: Path, made: Features, rows: FeatureRows, kept: np.ndarray) -> None:
    """Write a table with a list of numbers per window and array."""
    ends = np.cumsum([int(kept[block].sum()) for block in rows.blocks()])
    fields = [pa.field(n, pa.float64() if n in ("start", "end") else pa.string()) for n in COLUMNS]
    fields += [pa.field(n, pa.list_(pa.float32(), a.shape[1])) for n, a in rows.arrays.items()]
    schema = pa.schema(fields, metadata={"head": str(made.head)})
    with atomic_path(output) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        first = 0
        for block, end in zip(rows.blocks(), ends, strict=True):
            columns = [
                pa.array(made.windows[n].iloc[first:end], f.type)
                for n, f in zip(COLUMNS, fields, strict=False)
            ]
            for array in rows.arrays.values():
                values = pa.array(np.ascontiguousarray(array[block][kept[block]]).ravel())
                columns.append(pa.FixedSizeListArray.from_arrays(values, array.shape[1]))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            first = int(end)
