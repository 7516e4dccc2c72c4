"""Features of a split's clips, from files in which each row names its clip."""

import logging
import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.features.formats import FeatureFile, feature_paths, read_feature_file
from selavi.data.schema import read_index, read_rejected
from selavi.files import UserError, atomic_path, write_csv
from selavi.progress import Bar

log = logging.getLogger(__name__)

BLOCK = 1 << 22  # numbers read at a time: 16 MiB in float32
HELD = 16  # blocks whose pages stay in memory
LISTED = 3  # clips named in an error


@dataclass(frozen=True)
class GivenFeatures:
    """Features of all clips of a split, by one encoder.

    Attributes
    ----------
    rows : numpy.ndarray
        (N, D) float32, in the order of the index; it may be memory-mapped. 0 for rejected clips.
    rejected : dict of int to str
        Why a clip has no features, by its sample.
    """

    rows: np.ndarray
    rejected: dict[int, str]


def read_given(source: Path, index: pd.DataFrame, known: Iterable[str] = ()) -> GivenFeatures:
    """Read the features of a split's clips, and check them.

    Parameters
    ----------
    source : Path
        The files, see `feature_paths` and `read_feature_file`.
    index : DataFrame
        The split's index, N rows.
    known : iterable of str
        Ids and keys of clips of other splits, or that were rejected, whose features may be there.

    Returns
    -------
    GivenFeatures
        Memory-mapped if one file has float32 in the order of the index.

    Raises
    ------
    UserError
        If a file cannot be read; if a clip is unknown, named twice or has no features; if features
        are not finite in float32, or files have a different number of them.
    """
    files, places, rejected = _matched(source, index, known)
    alone = files[0].rows
    in_order = np.array_equal(places[0], np.arange(len(index)))
    if len(files) == 1 and in_order and alone.dtype == np.float32 and alone.flags.c_contiguous:
        for _ in _checked(source, files, places, index, set(rejected), logging.INFO):
            pass
        return GivenFeatures(alone, rejected)
    result = np.zeros((len(index), alone.shape[1]), np.float32)
    _fill(result, _checked(source, files, places, index, set(rejected), logging.INFO))
    return GivenFeatures(result, rejected)


def gather_features(source: Path, index: Path, others: Sequence[Path], output: Path) -> None:
    """Write the features of a split in the order of its index, once they are checked.

    Parameters
    ----------
    source : Path
        The files, as for `read_given`.
    index : Path
        The split's index.
    others : sequence of Path
        Indexes of the dataset's other splits, whose clips the same files may have.
    output : Path
        The .npy file to write, (N, D) float32; beside it a CSV with the `id`, the `key` and the
        `reason` of each row, which is empty for clips that have features.

    Raises
    ------
    UserError
        As `read_given`, and if the files' names of clips stand for several videos.
    """
    table = read_index(index)
    known = set(_rejected_names(index))
    for other in others:
        there = read_index(other)
        _require_distinct(source, table, there, other)
        known.update(there["id"], there["key"], _rejected_names(other))
    files, places, rejected = _matched(source, table, known)
    with atomic_path(output) as temporary:
        shape = len(table), files[0].rows.shape[1]
        result = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
        _fill(result, _checked(source, files, places, table, set(rejected), logging.WARNING))
        result.flush()
        del result
    reasons = [rejected.get(sample, "") for sample in range(len(table))]
    write_csv(output.with_suffix(".csv"), table[["id", "key"]].assign(reason=reasons))
    log.info("%s: %d features of each of %d clips", output, shape[1], shape[0] - len(rejected))
    if rejected:
        log.warning("%s: %d clips have no features; see column reason", output, len(rejected))


def _rejected_names(index: Path) -> list[str]:
    path = index.with_name("rejected.csv")
    if not path.exists():
        return []
    table = read_rejected(path)
    return [*table["id"], *table["key"]]


def _require_distinct(source: Path, table: pd.DataFrame, there: pd.DataFrame, other: Path) -> None:
    """Refuse names that stand for one video here and for another in another split."""
    both = table[["key", "path"]].merge(there[["key", "path"]], on="key")
    clash = both.loc[both["path_x"] != both["path_y"], "key"]
    if len(clash):
        raise UserError(
            f"{source}: {len(clash)} keys name one video of this split and another one of "
            f"{other.parent}: {_listed(clash)}; give each split files of its own, with {{split}} "
            "in the path"
        )


def _matched(
    source: Path, index: pd.DataFrame, known: Iterable[str]
) -> tuple[list[FeatureFile], list[np.ndarray], dict[int, str]]:
    """The files; for each, of each row its place in the index, -1 for none; rejected samples."""
    files = [read_feature_file(path) for path in feature_paths(source)]
    reasons = {name: why for file in files for name, why in file.rejected.items()}
    files = [file for file in files if len(file.rows)]  # without rows, the width may be 0
    if not files:
        why = f": all clips are rejected, the first as {next(iter(reasons.values()))}"
        raise UserError(
            f"{source} has no features{why if reasons else ''}; check what made them, or leave the "
            "modality out (`modalities`)"
        )
    ids, keys = pd.Index(index["id"]), pd.Index(index["key"])

    def places_of(names: np.ndarray) -> np.ndarray:
        by_id = ids.get_indexer(pd.Index(names))
        return np.where(by_id < 0, keys.get_indexer(pd.Index(names)), by_id)

    rejected_names = np.array(list(reasons), str)
    rejected = dict(zip(places_of(rejected_names).tolist(), reasons.values(), strict=True))
    places = [places_of(file.names) for file in files]
    names = np.concatenate([*(file.names for file in files), rejected_names])
    all_places = np.concatenate([*places, places_of(rejected_names)])
    unknown = pd.unique(names[all_places < 0])
    unknown = unknown[~pd.Index(unknown).isin(list(known))]
    if len(unknown):
        raise UserError(
            f"{source} has features of {len(unknown)} clips that the dataset does not have: "
            f"{_listed(unknown)}; a clip is named by its key (the path of its video below the "
            f"split's folder, such as {keys[0]!r}) or its id ({ids[0]!r})"
        )
    placed = pd.Series(np.concatenate(places))
    twice = placed[(placed >= 0) & placed.duplicated()].unique()
    if len(twice):
        raise UserError(
            f"{source} has several rows for {len(twice)} clips: {_listed(keys[twice])}; keep one "
            "of each"
        )
    lacking = np.setdiff1d(np.arange(len(index)), all_places)
    if len(lacking):
        raise UserError(
            f"{source} has no features of {len(lacking)} of {len(index)} clips: "
            f"{_listed(keys[lacking])}; add them, or take these clips out of the split"
        )
    rejected.pop(-1, None)
    return files, places, rejected


def _fill(result: np.ndarray, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
    for number, (place, block) in enumerate(blocks, start=1):
        result[place] = block
        if number % HELD == 0:
            _release(result)


def _checked(
    source: Path,
    files: list[FeatureFile],
    places: list[np.ndarray],
    index: pd.DataFrame,
    rejected: set[int],
    level: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of rows of clips that are not rejected, as float32, with their places in the index.

    At the end, features that are not finite are an error; zero rows and constant features are
    logged with this level: once as a warning, when they are gathered.
    """
    widths = {file.rows.shape[1]: file.path for file in files}
    if len(widths) > 1:
        (first, one), (second, two) = list(widths.items())[:2]
        raise UserError(
            f"{one} has {first} features of a clip and {two} has {second}; make all of them by one "
            "encoder"
        )
    invalid: list[int] = []
    empty: list[int] = []
    least: np.ndarray | None = None
    most: np.ndarray | None = None
    used = [np.flatnonzero((p >= 0) & ~np.isin(p, list(rejected))) for p in places]
    with Bar(total=sum(map(len, used)), desc="features", unit="clip") as bar:
        for file, place, wanted in zip(files, places, used, strict=True):
            step = max(1, BLOCK // file.rows.shape[1])
            for start in range(0, len(wanted), step):
                chosen = wanted[start : start + step]
                block = _float32(file.rows, chosen)
                finite = np.isfinite(block).all(1)
                invalid += place[chosen[~finite]].tolist()
                empty += place[chosen[~block.any(1)]].tolist()
                if finite.all():
                    least = _join(np.minimum, least, block.min(0))
                    most = _join(np.maximum, most, block.max(0))
                yield place[chosen], block
                bar.update(len(chosen))
                if start // step % HELD == HELD - 1:
                    _release(file.rows)
    keys = index["key"]
    if invalid:
        raise UserError(
            f"{source} has features that are not finite in float32 (NaN or infinite) of "
            f"{len(invalid)} clips: {_listed(keys[sorted(invalid)])}; make them again, or take "
            "these clips out of the split"
        )
    if empty:
        log.log(
            level,
            "%s: all features of %d clips are 0, which say nothing of them: %s",
            source, len(empty), _listed(keys[sorted(empty)]),
        )  # fmt: skip
    if least is not None and most is not None and len(index) > 1:
        constant = np.flatnonzero(least == most)
        if len(constant):
            log.log(
                level,
                "%s: %d of %d features are the same for all clips, the first in column %d",
                source, len(constant), len(least), constant[0],
            )  # fmt: skip


def _join(
    by: Callable[[np.ndarray, np.ndarray], np.ndarray], old: np.ndarray | None, new: np.ndarray
) -> np.ndarray:
    return new if old is None else by(old, new)


def _float32(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    first, last = int(chosen[0]), int(chosen[-1]) + 1
    block = rows[first:last] if last - first == len(chosen) else rows[chosen]
    with np.errstate(over="ignore"):  # what overflows is not finite, and told
        return np.asarray(block, np.float32)


def _release(array: np.ndarray) -> None:
    """Give back the memory of a memory-mapped array's pages; what was written stays."""
    if isinstance(array.base, mmap.mmap):
        array.base.madvise(mmap.MADV_DONTNEED)


def _listed(names: Iterable[str]) -> str:
    """The first names of several, for an error."""
    names = list(names)
    return ", ".join(map(repr, map(str, names[:LISTED]))) + (", ..." if len(names) > LISTED else "")
