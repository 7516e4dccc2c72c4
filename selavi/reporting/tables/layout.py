"""A table as CSV, Markdown, LaTeX, and on the screen."""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from selavi.files import write_csv, write_text
from selavi.reporting.tables.published import NOT_RUN

HEADINGS = {
    "nmi": "NMI", "ami": "AMI", "ari": "ARI", "accuracy": "acc.", "part": "fold",
    "clip_top1": "clip@1", "clip_top5": "clip@5", "video_top1": "video@1", "video_top5": "video@5",
}  # fmt: skip


@dataclass(frozen=True)
class ResultTable:
    """Rows of results and how to show them.

    name : of the files. caption : a paragraph. rows : every column there is.
    keys : columns of text that tell rows apart. measures : columns of numbers; beside each stand
    `{measure}_paper` and `{measure}_difference`, if there are any, and in brackets its interval.
    groups : keys that head a part of the table on the screen.
    """

    name: str
    caption: str
    rows: pd.DataFrame
    keys: list[str]
    measures: list[str]
    groups: list[str] = field(default_factory=list)

    def shown(self) -> list[str]:
        """Columns of numbers in their order, the paper's and the difference beside ours."""
        beside = ("", "_paper", "_difference")
        return [f"{m}{s}" for m in self.measures for s in beside if f"{m}{s}" in self.rows]


def write_table(table: ResultTable, folder: Path) -> None:
    """Write {name}.csv, .md and .tex into `folder`."""
    write_csv(folder / f"{table.name}.csv", table.rows)
    write_text(folder / f"{table.name}.md", _markdown(table))
    write_text(folder / f"{table.name}.tex", _latex(table))


def print_table(table: ResultTable) -> None:
    """Print the table, 80 columns wide where it fits; a group's first row stands out."""
    wide = 80 if len(table.shown()) <= 7 else 160
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else wide)
    console.print(f"[bold]{table.name}[/bold]")
    columns = [k for k in table.keys if k not in table.groups and table.rows[k].nunique() > 1]
    if "method" in columns and "figure" in columns:  # the method's name tells which are oracle
        columns.remove("figure")
    grouped = table.rows.groupby(table.groups, sort=False) if table.groups else [("", table.rows)]
    for group, rows in grouped:
        title = ", ".join(str(part) for part in group if part) if table.groups else None
        shown = Table(
            title=title, title_justify="left", title_style="italic",
            box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False,
        )  # fmt: skip
        for column in columns:
            shown.add_column(_heading(column), overflow="fold")
        for column in table.shown():
            shown.add_column(_heading(column), justify="right", no_wrap=True)
        for place, (_, row) in enumerate(rows.iterrows()):
            oracle = row.get("figure") == "oracle"
            style = "dim" if oracle or row["note"] else "bold green" if place == 0 else ""
            words = [str(row[c]) for c in columns]
            first, *rest = (_cell(row, c) for c in table.shown())
            rest = ["-" if cell == NOT_RUN else cell for cell in rest]  # said once is enough
            shown.add_row(*words, first, *rest, style=style)
        console.print(shown)
        for note in dict.fromkeys(n for n in rows["note"] if n):
            console.print(f"  {note}", style="dim", highlight=False)
        console.print()
    console.print(table.caption.replace("`", ""), style="dim", highlight=False)
    console.print()


def _markdown(table: ResultTable) -> str:
    columns = [*table.keys, *table.shown(), "note"]
    lines = [f"{table.caption}\n", "| " + " | ".join(map(_heading, columns)) + " |"]
    kinds = ["---:" if c in table.shown() else "---" for c in columns]
    lines.append("|" + "|".join(kinds) + "|")
    for _, row in table.rows.iterrows():
        words = [_text(row, column, table).replace("|", "\\|") for column in columns]
        lines.append("| " + " | ".join(words) + " |")
    return "\n".join(lines) + "\n"


def _latex(table: ResultTable) -> str:
    columns = [*table.keys, *table.shown(), "note"]
    layout = "".join("r" if c in table.shown() else "l" for c in columns)
    lines = [f"% {table.caption}", f"\\begin{{tabular}}{{{layout}}}", "\\toprule"]
    lines.append(" & ".join(_escaped(_heading(c)) for c in columns) + " \\\\")
    lines.append("\\midrule")
    for _, row in table.rows.iterrows():
        words = (_escaped(_text(row, c, table)) for c in columns)
        lines.append(" & ".join(words) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _text(row: pd.Series, column: str, table: ResultTable) -> str:
    if column not in table.shown():
        return str(row[column])
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    around = "" if low is None or math.isnan(low) else f" [{low:.3f}, {high:.3f}]"
    return _cell(row, column) + around


def _cell(row: pd.Series, column: str) -> str:
    value = float(row[column])
    if not math.isnan(value):
        return f"{value:+.3f}" if column.endswith("_difference") else _number(value)
    beside = column.endswith(("_paper", "_difference"))
    return NOT_RUN if not beside and str(row["note"]).startswith(NOT_RUN) else "-"


def _number(value: float) -> str:
    rounded = round(value, 3) + 0.0  # no -0.000
    return f"{rounded:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _heading(column: str) -> str:
    for ending, words in (("_paper", "paper"), ("_difference", "diff.")):
        if column.endswith(ending):
            return words
    return HEADINGS.get(column, column.replace("recall_at_", "R@").replace("_", " "))


def _escaped(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)
