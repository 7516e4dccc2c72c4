"""A table as a page, which Snakemake's report shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff }
p { max-width: 46rem }
table { border-collapse: collapse; margin: 0 0 1.5rem; font-size: 13px }
caption { text-align: left; font-weight: 600; font-size: 15px; padding: .5rem 0 }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top }
th { border-bottom: 2px solid #555; white-space: nowrap }
td { border-bottom: 1px solid #ddd }
.number { text-align: right; font-variant-numeric: tabular-nums }
.oracle td { color: #595959; font-style: italic }
"""


@dataclass(frozen=True)
class Part:
    """Rows under one title.

    Attributes
    ----------
    title : str
        What they have in common, "" for nothing.
    rows : list of list of str
        Their cells.
    oracle : list of bool
        Which of them are selected by classes.
    """

    title: str
    rows: list[list[str]]
    oracle: list[bool]


def html_page(
    name: str, caption: str, headings: Sequence[str], numbers: Sequence[bool], parts: Sequence[Part]
) -> str:
    """Write a table as HTML. Everything is shown as text, whatever it holds.

    Parameters
    ----------
    name, caption : str
        Title of the page, and the paragraph below it.
    headings : sequence of str
        Heading of each column.
    numbers : sequence of bool
        Which columns have numbers, which are aligned to the right.
    parts : sequence of Part
        The rows.

    Returns
    -------
    str
        The page, which needs no other file.
    """
    classes = [' class="number"' if number else "" for number in numbers]
    heads = "".join(
        f'<th scope="col"{style}>{escape(heading)}</th>'
        for heading, style in zip(headings, classes, strict=True)
    )
    tables = []
    for part in parts:
        lines = [f"<table>\n<caption>{escape(part.title)}</caption>" if part.title else "<table>"]
        lines.append(f"<thead><tr>{heads}</tr></thead>\n<tbody>")
        for row, oracle in zip(part.rows, part.oracle, strict=True):
            cells = (f"<td{c}>{escape(cell)}</td>" for cell, c in zip(row, classes, strict=True))
            kind = ' class="oracle"' if oracle else ""
            lines.append(f"<tr{kind}>{''.join(cells)}</tr>")
        tables.append("\n".join([*lines, "</tbody>\n</table>"]))
    body = "\n".join(tables) or "<p>No results: the configuration asks for none.</p>"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(name)}</h1>\n{body}\n<p>{escape(caption)}</p>\n</body>\n</html>\n"
    )
