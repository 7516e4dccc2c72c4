"""names.csv: what people call the clusters of a head."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from selavi.data.manifest import id_of
from selavi.data.schema import NAMES
from selavi.data.text_files import Rows, read_text, split_rows
from selavi.disk import refusal
from selavi.files import UserError, in_words, write_csv
from selavi.formulas import unguarded

log = logging.getLogger(__name__)

LISTED = 12
"""Clips of a cluster that a file of names lists."""
LONGEST = 200
"""Characters of a name."""
COLUMNS = (*NAMES, "source", "size", "clips")


class Name(NamedTuple):
    """What a cluster is called."""

    text: str
    source: str
    """Where the name is from: "classes", "words", "file", "carried over", "model" or
    "corrections"."""


@dataclass(frozen=True)
class Names:
    """Names of the clusters of a head.

    Attributes
    ----------
    names : dict of int to str
        By cluster, none of them empty.
    clips : dict of int to list of str
        Ids of some clips of each cluster when it was named: another training gives clusters
        other numbers; the same ones are found by these. Empty if the file has none.
    """

    names: dict[int, str]
    clips: dict[int, list[str]]

    def listed(self) -> pd.DataFrame:
        """The listed clips, `id` and `cluster`."""
        rows = [(id_, cluster) for cluster, ids in self.clips.items() for id_ in ids]
        return pd.DataFrame(rows, columns=["id", "cluster"])


def read_names(path: Path, head: int | None = None) -> dict[int, str]:
    """Read the names of a head's clusters; see `read_names_file`.

    Parameters
    ----------
    path : Path
        The file.
    head : int, optional
        The head. By default the only one that the file has.

    Raises
    ------
    UserError
        If the file cannot be read, or is of other heads.
    """
    return names_of_head(path, read_names_file(path), head).names


def read_names_file(path: Path) -> dict[int | None, Names]:
    """Read a CSV with `cluster`, `name` and perhaps `head` and `clips`, as spreadsheets write it.

    Blanks around and within a name count as one. Clusters without a name are left out, and so are
    apostrophes before formulas; see `guard`.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of (int or None) to Names
        By head; None has the rows that do not say of which head they are.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a column, or has a cluster that is not a number or that
        has two rows.
    """
    try:
        _, rows = split_rows(path, read_text(path), "cluster")
    except FileNotFoundError:
        raise UserError(
            f"{path} does not exist; `selavi name-clusters` writes such files"
        ) from None
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None
    if not rows:
        raise UserError(f"{path} is empty; it needs the columns {', '.join(NAMES)}")
    header = [unguarded(name).strip().casefold() for name in rows[0][1]]
    for name in ("cluster", "name"):
        if header.count(name) != 1:
            problem = "has two columns" if name in header else "has no column"
            columns = in_words(filter(None, header))
            raise UserError(f"{path} {problem} {name!r}; its columns: {columns}")
    return _by_head(path, header, rows[1:])


def names_of_head(path: Path, by_head: dict[int | None, Names], head: int | None) -> Names:
    """The names of a head, or those that may be of any; for None, of the only head there is.

    Raises UserError if the file names clusters of other heads, or for None of several.
    """
    if not by_head:
        return Names({}, {})
    if head is None and len(by_head) == 1:
        return next(iter(by_head.values()))
    for of in (head, None):
        if of in by_head:
            return by_head[of]
    if head is None:
        raise UserError(f"{path} has names of several heads: {', '.join(map(str, by_head))}")
    raise UserError(
        f"{path} names clusters of head {min(h for h in by_head if h is not None)}, and the "
        f"selected head is {head}, whose clusters are others; name these, or remove the file"
    )


def names_of_model(model: Path, head: int) -> dict[int, str]:
    """Names that come with a model: `names.csv` beside it, or those of its run's name_clusters.

    The latter are those of `results/name-clusters/{run}.csv` for `results/pretrain/{run}/model.pt`,
    if they are not of an earlier training.

    Parameters
    ----------
    model : Path
        The model file.
    head : int
        The selected head.

    Raises
    ------
    UserError
        If `names.csv` cannot be read, or is of another head.
    """
    folder = model.absolute().parent
    if (beside := folder / "names.csv").is_file():
        return read_names(beside, head)
    stage = folder.parent.parent / "name-clusters" / f"{folder.name}.csv"
    if not stage.is_file():
        return {}
    by_head = read_names_file(stage)
    if head in by_head and stage.stat().st_mtime >= model.stat().st_mtime:
        return by_head[head].names
    log.warning("%s is of another training than %s; its names are not used", stage, model)
    return {}


def _by_head(path: Path, header: list[str], rows: Rows) -> dict[int | None, Names]:
    by_head: dict[int | None, Names] = {}
    lines: dict[tuple[int | None, int], int] = {}
    for line, cells in rows:
        row = dict(zip(header, map(unguarded, cells), strict=False))
        text = row.get("head", "").strip()
        head = _number(path, line, "head", text) if text else None
        cluster = _number(path, line, "cluster", row.get("cluster", ""))
        if (head, cluster) in lines:
            raise UserError(
                f"{path}, line {line}: cluster {cluster} is in line {lines[head, cluster]} too; "
                "remove one of them"
            )
        lines[head, cluster] = line
        names = by_head.setdefault(head, Names({}, {}))
        if name := " ".join(row.get("name", "").split()):
            if len(name) > LONGEST:
                raise UserError(
                    f"{path}, line {line}: the name of cluster {cluster} has {len(name)} "
                    f"characters; use at most {LONGEST}"
                )
            names.names[cluster] = name
        if listed := row.get("clips", "").split():
            names.clips[cluster] = listed
    return by_head


def _number(path: Path, line: int, column: str, text: str) -> int:
    """A number as spreadsheets write it, perhaps as 3.0."""
    whole = text.strip().removesuffix(".0").removesuffix(",0")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10):
        raise UserError(f"{path}, line {line}: {column} = {text.strip()!r} is not a whole number")
    return int(whole)


def check_clusters(path: Path, names: dict[int, str], clusters: int) -> None:
    """Raise UserError if a name is of a cluster that a network of `clusters` clusters lacks."""
    beyond = [cluster for cluster in names if cluster >= clusters]
    if beyond:
        raise UserError(
            f"{path} names cluster {min(beyond)} ({names[min(beyond)]!r}), and there are "
            f"only the clusters 0 to {clusters - 1}; is it of another model?"
        )


def write_names(
    path: Path, table: pd.DataFrame, head: int | None, clusters: int, names: dict[int, Name]
) -> None:
    """Write the names of all clusters, with clips to find the clusters by.

    Parameters
    ----------
    path : Path
        The file.
    table : DataFrame
        Clips and their clusters, as `clip_ids` takes them.
    head : int or None
        The selected head, None if it is not known.
    clusters : int
        K; clusters without a name or clips get a row too.
    names : dict of int to Name
        By cluster.
    """
    named = [names.get(cluster, Name("", "")) for cluster in range(clusters)]
    rows = pd.DataFrame(named, columns=["name", "source"], dtype=str)
    rows.insert(0, "cluster", range(clusters))
    rows.insert(0, "head", "" if head is None else head)
    rows["size"] = table["cluster"].value_counts().reindex(rows.index, fill_value=0)
    order = ["cluster", "confidence", "id"]
    ranked = table.assign(id=clip_ids(table)).sort_values(order, ascending=[True, False, True])
    top = ranked.groupby("cluster").head(LISTED).groupby("cluster")["id"].agg(" ".join)
    rows["clips"] = top.reindex(rows.index, fill_value="")
    write_csv(path, rows[list(COLUMNS)])


def clip_ids(table: pd.DataFrame) -> "pd.Series[str]":
    """Ids of clips: those that a table of assignments has, or of windows a hash of path and time.

    The times have the six decimals of tables.

    Parameters
    ----------
    table : DataFrame
        With `id`, or with `path`, `start` and `end`.
    """
    if "id" in table:
        return table["id"]
    windows = zip(table["path"], table["start"], table["end"], strict=True)
    return pd.Series([id_of(f"{p}#t={s:.6f},{e:.6f}") for p, s, e in windows], table.index, str)


def cluster_sizes(table: pd.DataFrame) -> dict[int, int]:
    """The number of rows of each cluster."""
    return {cluster: len(rows) for cluster, rows in rows_by_cluster(table).items()}


def rows_by_cluster(table: pd.DataFrame) -> dict[int, np.ndarray]:
    """The positions of the rows of each cluster."""
    clusters, counts = np.unique(table["cluster"], return_counts=True)
    order = table["cluster"].to_numpy().argsort(kind="stable")
    return dict(zip(clusters.tolist(), np.split(order, counts.cumsum()[:-1]), strict=False))


def assigned(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a cluster, as int; -1, missing and "" are none."""
    clusters = pd.to_numeric(table["cluster"], errors="coerce").fillna(-1).astype(int)
    return table.assign(cluster=clusters)[clusters >= 0]
