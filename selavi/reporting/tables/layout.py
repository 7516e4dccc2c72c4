"""Write a table as CSV, Markdown, LaTeX and HTML, and print it."""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from selavi.files import write_csv, write_text
from selavi.reporting.tables.html import Part, html_page
from selavi.reporting.tables.published import NOT_RUN

HEADINGS = {
    "nmi": "NMI", "ami": "AMI", "ari": "ARI", "accuracy": "acc.", "part": "fold",
    "clip_top1": "clip@1", "clip_top5": "clip@5", "video_top1": "video@1", "video_top5": "video@5",
}  # fmt: skip


@dataclass(frozen=True)
class ResultTable:
    """A table of results and how to show it.

    Attributes
    ----------
    name : str
        Name of its files.
    caption : str
        A paragraph.
    rows : DataFrame
        All columns, `note` included.
    keys : list of str
        Text columns that identify a row.
    measures : list of str
        Columns of numbers, shown with their interval (`{measure}_low`, `{measure}_high`),
        `{measure}_paper` and `{measure}_difference`, where there are any.
    groups : list of str
        Keys that become titles of separate tables when printed.
    """

    name: str
    caption: str
    rows: pd.DataFrame
    keys: list[str]
    measures: list[str]
    groups: list[str] = field(default_factory=list)

    def shown(self) -> list[str]:
        """Columns of numbers in order, each with the paper's and the difference."""
        suffixes = ("", "_paper", "_difference")
        return [f"{m}{s}" for m in self.measures for s in suffixes if f"{m}{s}" in self.rows]


def write_table(table: ResultTable, folder: Path) -> None:
    """Write {name}.csv, .md, .tex and .html into `folder`."""
    write_csv(folder / f"{table.name}.csv", table.rows)
    write_text(folder / f"{table.name}.md", _markdown(table))
    write_text(folder / f"{table.name}.tex", _latex(table))
    write_text(folder / f"{table.name}.html", _html(table))


def print_table(table: ResultTable) -> None:
    """Print a table, 80 columns wide if it fits, with the first row of each group highlighted."""
    wide = 80 if len(table.shown()) <= 7 else 160
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else wide)
    console.print(f"[bold]{table.name}[/bold]")
    columns = [k for k in table.keys if k not in table.groups and table.rows[k].nunique() > 1]
    if "method" in columns and "figure" in columns:  # methods' names already mark oracle results
        columns.remove("figure")
    columns = [column for column in columns if column != "preparation"]  # only in the files
    grouped = table.rows.groupby(table.groups, sort=False) if table.groups else [("", table.rows)]
    for group, rows in grouped:
        title = ", ".join(str(key) for key in group if key) if table.groups else None
        shown = Table(
            title=title, title_justify="left", title_style="italic",
            box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False,
        )  # fmt: skip
        for column in columns:
            shown.add_column(_heading(column), overflow="fold")
        for column in table.shown():
            shown.add_column(_heading(column), justify="right", no_wrap=True)
        for position, (_, row) in enumerate(rows.iterrows()):
            oracle = row.get("figure") == "oracle"
            style = "dim" if oracle or row["note"] else "bold green" if position == 0 else ""
            cells = [str(row[c]) for c in columns]
            first, *rest = (_cell(row, c) for c in table.shown())
            rest = ["-" if cell == NOT_RUN else cell for cell in rest]  # once per row is enough
            shown.add_row(*cells, first, *rest, style=style)
        console.print(shown)
        for note in dict.fromkeys(n for n in rows["note"] if n):
            console.print(f"  {note}", style="dim", highlight=False)
        console.print()
    console.print(table.caption.replace("`", ""), style="dim", highlight=False)
    console.print()


def _markdown(table: ResultTable) -> str:
    columns = [*table.keys, *table.shown(), "note"]
    lines = [f"{table.caption}\n", "| " + " | ".join(map(_heading, columns)) + " |"]
    alignments = ["---:" if c in table.shown() else "---" for c in columns]
    lines.append("|" + "|".join(alignments) + "|")
    for _, row in table.rows.iterrows():
        cells = [_text(row, column, table).replace("|", "\\|") for column in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _latex(table: ResultTable) -> str:
    columns = [*table.keys, *table.shown(), "note"]
    layout = "".join("r" if c in table.shown() else "l" for c in columns)
    lines = [f"% {table.caption}", f"\\begin{{tabular}}{{{layout}}}", "\\toprule"]
    lines.append(" & ".join(_escape_latex(_heading(c)) for c in columns) + " \\\\")
    lines.append("\\midrule")
    for _, row in table.rows.iterrows():
        cells = (_escape_latex(_text(row, c, table)) for c in columns)
        lines.append(" & ".join(cells) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _html(table: ResultTable) -> str:
    found = table.rows if table.rows["run"].any() else table.rows[:0]  # else only the paper's
    grouped = found.groupby(table.groups, sort=False) if table.groups else [((), found)]
    columns = [k for k in table.keys if k not in table.groups and found[k].nunique() > 1]
    columns += table.shown()
    columns += ["note"] if (found["note"] != "").any() else []
    parts = [
        Part(
            title=", ".join(str(key) for key in group if key),
            rows=[[_text(row, column, table) for column in columns] for _, row in rows.iterrows()],
            oracle=[row.get("figure") == "oracle" for _, row in rows.iterrows()],
        )
        for group, rows in grouped
        if len(rows)
    ]
    numbers = [column in table.shown() for column in columns]
    caption = table.caption.replace("`", "")
    return html_page(table.name, caption, [_heading(c) for c in columns], numbers, parts)


def _text(row: pd.Series, column: str, table: ResultTable) -> str:
    if column not in table.shown():
        return str(row[column])
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    interval = "" if low is None or math.isnan(low) else f" [{low:.3f}, {high:.3f}]"
    return _cell(row, column) + interval


def _cell(row: pd.Series, column: str) -> str:
    value = float(row[column])
    if not math.isnan(value):
        return f"{value:+.3f}" if column.endswith("_difference") else _number(value)
    ours = not column.endswith(("_paper", "_difference"))
    return NOT_RUN if ours and str(row["note"]).startswith(NOT_RUN) else "-"


def _number(value: float) -> str:
    rounded = round(value, 3) + 0.0  # no -0.000
    return f"{rounded:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _heading(column: str) -> str:
    for suffix, heading in (("_paper", "paper"), ("_difference", "diff.")):
        if column.endswith(suffix):
            return heading
    return HEADINGS.get(column, column.replace("recall_at_", "R@").replace("_", " "))


def _escape_latex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)
