"""What a labelling has found, for a terminal: its clusters, what was rejected, where the files are.

File names and cluster names are users' text: no escape sequence of theirs reaches the terminal.
"""

import sys
from collections.abc import Mapping
from pathlib import Path, PurePath

import pandas as pd
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from selavi.label.formats.windows import clock, labelled, one_line
from selavi.label.table import covered_seconds
from selavi.progress import duration

EXAMPLES = 3
"""Files named for each cluster: of its most confident windows, those that repeat no other first."""


def print_summary(labels: pd.DataFrame, addresses: Mapping[str, Path]) -> None:
    """Print the summary of a labelling to standard output, 80 columns wide if that is a file.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`.
    addresses : mapping of str to Path
        What was written, such as "page", and where; shown in this order. A page's address is one
        that a browser opens.
    """
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 80, highlight=False)
    console.print(summary(labels))
    if addresses:  # never broken into lines, so that terminals can open them
        console.print(Text("\n" + "\n".join(address_lines(addresses))), soft_wrap=True)


def summary(labels: pd.DataFrame, most: int = 20) -> RenderableType:
    """Summarise a labelling.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`.
    most : int
        Maximum number of clusters to show, the largest; the others are counted.

    Returns
    -------
    RenderableType
        For rich to print: a table of the clusters, and one of the rejected files and windows by
        reason.
    """
    rows, rejected = labelled(labels), labels[labels["cluster"].isna()]
    parts: list[RenderableType] = [_headline(rows)]
    if len(rows):
        parts += ["", _clusters(rows, most)]
        hidden = rows["cluster"].nunique() - most
        if hidden > 0:
            parts.append(Text(f"and {_count(hidden, 'more cluster')}", "dim"))
    if len(rejected):
        parts += ["", Text(_rejected_line(rejected), "yellow"), "", _reasons(rejected)]
    return Group(*parts)


def _headline(rows: pd.DataFrame) -> Text:
    if rows.empty:
        return Text("nothing could be labelled", "bold red")
    seconds = covered_seconds(rows)
    line = (
        f"{_count(len(rows), 'window')} of {_count(rows['path'].nunique(), 'file')} "
        f"({duration(seconds)}) in {_count(rows['cluster'].nunique(), 'cluster')}"
    )
    repeats = int((rows["duplicate_of"] != "").sum())
    return Text(line + (f"; {repeats:,} of them repeat another" if repeats else ""), "bold")


def _clusters(rows: pd.DataFrame, most: int) -> Table:
    """A row per cluster, the largest first: number, name, size, mean confidence, examples."""
    named = bool((rows["name"] != "").any())
    several = set(rows.loc[rows["path"].duplicated(), "path"])
    table = _table()
    table.add_column("cluster", justify="right", no_wrap=True)
    if named:
        table.add_column("name", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("windows" if several else "files", justify="right", no_wrap=True)
    table.add_column("confidence", justify="right", no_wrap=True)
    table.add_column("examples", overflow="fold", ratio=1)
    groups = sorted(rows.groupby("cluster"), key=lambda pair: (-len(pair[1]), pair[0]))
    for cluster, group in groups[:most]:
        name = [Text(one_line(group["name"].iloc[0]))] if named else []
        confidence = f"{group['confidence'].mean():.2f}"
        examples = Text(_examples(group, several))
        table.add_row(Text(str(cluster)), *name, f"{len(group):,}", confidence, examples)
    return table


def _examples(group: pd.DataFrame, several: set[str]) -> str:
    """The files of a cluster's most confident windows; with the time, if a file is of `several`."""
    ranked = group.assign(repeats=group["duplicate_of"] != "")
    ranked = ranked.sort_values(["repeats", "confidence"], ascending=[True, False], kind="stable")
    best = ranked.drop_duplicates("path").head(EXAMPLES)
    names = [PurePath(path).name for path in best["path"]]
    if len(set(names)) < len(names):
        names = ["/".join(PurePath(path).parts[-2:]) for path in best["path"]]
    shown = [
        f"{one_line(name)}\N{NO-BREAK SPACE}{clock(start)}" if path in several else one_line(name)
        for name, path, start in zip(names, best["path"], best["start"], strict=True)
    ]
    return ", ".join(shown)


def _rejected_line(rejected: pd.DataFrame) -> str:
    whole = rejected["start"].isna()
    counts = [
        _count(n, noun) for n, noun in ((whole.sum(), "file"), ((~whole).sum(), "window")) if n
    ]
    return f"{' and '.join(counts)} without a cluster:"


def _reasons(rejected: pd.DataFrame) -> Table:
    table = _table()
    table.add_column("reason", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("example", overflow="ellipsis", no_wrap=True, ratio=1)
    for reason, group in sorted(
        rejected.groupby("reason"), key=lambda pair: (-len(pair[1]), pair[0])
    ):
        path, detail = group["path"].iloc[0], group["detail"].iloc[0]
        example = f"{one_line(PurePath(path).name)}: {one_line(detail)}"
        table.add_row(Text(one_line(str(reason))), f"{len(group):,}", Text(example))
    return table


def address_lines(addresses: Mapping[str, Path]) -> list[str]:
    """A line per address, with its name before it."""
    wide = max(map(len, addresses), default=0)
    shown = {
        name: path.absolute().as_uri() if path.suffix == ".html" else one_line(str(path))
        for name, path in addresses.items()
    }
    return [f"{name:<{wide}}  {address}" for name, address in shown.items()]


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0), expand=True, pad_edge=False
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
