"""Names of clusters: suggestions, overlaid by what people wrote."""

import logging
import shutil
from pathlib import Path

import pandas as pd

from selavi.data.schema import number_of_clusters, read_assignments
from selavi.files import atomic_path, write_text
from selavi.label.carry_over import carry_over
from selavi.label.corrections import fit_corrections, names_of
from selavi.label.names_file import (
    Name,
    Names,
    assigned,
    check_clusters,
    clip_ids,
    cluster_sizes,
    names_of_head,
    read_names,
    read_names_file,
    write_names,
)
from selavi.label.suggest import distinct, suggest

__all__ = ["name_clusters", "read_names", "settle_names"]
log = logging.getLogger(__name__)


def name_clusters(
    assignments: Path,
    output: Path,
    clusters: int | None = None,
    names: Path | None = None,
    corrections: Path | None = None,
) -> None:
    """Write the names of a run's clusters.

    Parameters
    ----------
    assignments : Path
        CSV of the assign stage, or labels.csv of a labelling.
    output : Path
        The names to write; see `write_names`.
    clusters : int, optional
        K, so that clusters without clips have a row too; see `number_of_clusters`.
    names : Path, optional
        A file of names that override the suggestions; see `overlay`.
    corrections : Path, optional
        A file of corrections, whose names override all others.

    Raises
    ------
    UserError
        If a file cannot be read, or `names` is of other clusters.
    """
    table = read_assignments(assignments, needed=("path", "cluster", "confidence"))
    head = int(table["head"].iloc[0]) if "head" in table and len(table) else None
    table = assigned(table)
    count = number_of_clusters(table, clusters)
    named = overlay(names, table, head, count) if names else suggest(table)
    if corrections:
        fitted = fit_corrections(corrections, clip_ids(table), table["cluster"].to_numpy(), count)
        own = names_of(fitted)
        named |= {n: Name(text, "corrections") for n, text in own.items() if n < count}
    write_names(output, table, head, count, named)
    log.info("%s: %d of %d clusters have a name", output, len(named), count)


def overlay(path: Path, table: pd.DataFrame, head: int | None, clusters: int) -> dict[int, Name]:
    """Names of a file, and suggestions for the clusters that have none there.

    If the clips that the file lists are in other clusters now, as after another training, the names
    are carried over to these; the share of clips that agree is logged.

    Parameters
    ----------
    path : Path
        The file; see `read_names_file`.
    table : DataFrame
        Clips with `cluster`, `path`, `confidence`, and what `clip_ids` needs.
    head : int or None
        The selected head, None if it is not known.
    clusters : int
        K.

    Returns
    -------
    dict of int to Name
        By cluster.

    Raises
    ------
    UserError
        If the names are of another head or of other clusters, and cannot be carried over.
    """
    written, moved = _current(path, table, head, clusters)
    return _over_suggestions(written, "carried over" if moved else "file", table)


def _over_suggestions(names: dict[int, str], source: str, table: pd.DataFrame) -> dict[int, Name]:
    """Names, and suggestions for the clusters that have none."""
    free = {cluster: name for cluster, name in suggest(table).items() if cluster not in names}
    texts = {cluster: name.text for cluster, name in free.items()}
    texts = distinct(texts, cluster_sizes(table), frozenset(names.values()))
    given = {cluster: Name(text, source) for cluster, text in names.items()}
    return given | {cluster: Name(text, free[cluster].source) for cluster, text in texts.items()}


def _current(
    path: Path, table: pd.DataFrame, head: int | None, clusters: int
) -> tuple[dict[int, str], bool]:
    """The names of a file by today's clusters, and whether these are others than the file's."""
    by_head = read_names_file(path)
    # Only one head is ever named, and another training may select another.
    written = next(iter(by_head.values())) if len(by_head) == 1 else Names({}, {})
    old = written.listed()
    now = pd.DataFrame({"id": clip_ids(table), "cluster": table["cluster"]})
    shared = old.merge(now, on="id")
    carried, agree = carry_over(old, now, written.names)
    divided = written.names.keys() & set(shared["cluster_x"]) - carried.keys()
    if divided or agree > (shared["cluster_x"] == shared["cluster_y"]).mean():
        lost = [name for name in written.names.values() if name not in carried.values()]
        log.info(
            "%s is of other clusters: %d of %d names are carried over; %.0f%% of the %d clips that "
            "it lists are in matching clusters%s",
            path, len(carried), len(written.names), 100 * agree, len(shared),
            f"; not carried over: {', '.join(lost)}" if lost else "",
        )  # fmt: skip
        return carried, True
    names = names_of_head(path, by_head, head).names
    check_clusters(path, names, clusters)
    return names, False


def settle_names(
    path: Path,
    table: pd.DataFrame,
    head: int,
    clusters: int,
    given: dict[int, str] | None = None,
    model: str = "",
    corrected: dict[int, str] | None = None,
) -> dict[int, str]:
    """The names of the clusters of labelled videos, in a file that people may edit.

    An edited file is not written to: its names count, with suggestions where it has none; see
    `overlay`. If its names are carried over to other clusters, it is kept as `names.earlier.csv`,
    and a new one is written; so it is if another model made the clusters, and none of the windows
    that it lists is here. A file that nobody edited is written again.

    Parameters
    ----------
    path : Path
        names.csv of the output folder. A copy, `work/names.csv`, tells whether it was edited.
    table : DataFrame
        Labelled windows: `cluster`, `path`, `confidence`, and what `clip_ids` needs.
    head : int
        The selected head.
    clusters : int
        K.
    given : dict of int to str, optional
        Names that the model brings along; they override suggestions.
    model : str
        SHA-256 of the model file.
    corrected : dict of int to str, optional
        Names of a file of corrections, which override all others; those of new clusters, K and
        above, are not written.

    Returns
    -------
    dict of int to str
        Names by cluster.

    Raises
    ------
    UserError
        If the file cannot be read or written, or is of other clusters.
    """
    table = assigned(table)
    copy = path.parent / "work" / path.name
    maker = copy.with_name("names.model")  # the model that the names are of
    ahead = copy.with_suffix(".next.csv")  # written first: a kill in between edits nothing
    corrections = {n: Name(text, "corrections") for n, text in (corrected or {}).items()}
    own = [file.read_bytes() for file in (copy, ahead) if file.exists()]
    edited = path.exists() and path.read_bytes() not in own
    other = maker.exists() and maker.read_text(encoding="utf-8") != model
    if edited and other and not _lists_any(path, table):
        log.warning(
            "%s is of another model and of other windows: its names do not fit these clusters", path
        )
        _keep(path)
        edited = False
    if edited:
        written, moved = _current(path, table, head, clusters)
        named = _over_suggestions(written, "carried over" if moved else "file", table)
        if moved:
            _keep(path)
            write_names(path, table, head, clusters, named | corrections)
    else:
        named = _over_suggestions(given or {}, "model", table)
        write_names(ahead, table, head, clusters, named | corrections)
        for file in (path, copy):
            write_text(file, ahead.read_text(encoding="utf-8"))
    write_text(maker, model)
    return {cluster: name.text for cluster, name in (named | corrections).items()}


def _lists_any(path: Path, table: pd.DataFrame) -> bool:
    """Whether a file of names lists any of these clips."""
    listed = [names.listed() for names in read_names_file(path).values()]
    return any(each["id"].isin(clip_ids(table)).any() for each in listed)


def _keep(path: Path) -> None:
    """Copy a file to a name that no file has."""
    number = 1
    while (kept := path.with_suffix(f".earlier{'' if number == 1 else f'-{number}'}.csv")).exists():
        number += 1
    with atomic_path(kept) as temporary:
        shutil.copyfile(path, temporary)
    log.info("%s: the file as you wrote it is kept as %s", path, kept.name)
