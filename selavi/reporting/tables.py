"""Tables: the scores of all runs beside their baselines, as CSV, as Markdown, and on the screen."""

import logging
import sys
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from selavi.files import UserError, read_csv, write_csv, write_text

log = logging.getLogger(__name__)

SCORES = ["nmi", "ami", "ari", "accuracy", "entropy", "purity"]
HEADINGS = {
    "nmi": "NMI", "ami": "AMI", "ari": "ARI",
    "accuracy": "acc.", "entropy": "entropy", "purity": "purity",
}  # fmt: skip
CHOICES = {
    "agreement": "SeLaVi",
    "mean": "SeLaVi, head mean",
    "first": "SeLaVi, head 0",
    "oracle": "SeLaVi, best head",  # by the classes
}
CAPTION = (
    "Honest figures use no class to choose anything; `oracle` marks those chosen by looking at the "
    "classes. SeLaVi without more is the head that agrees best with the other heads. Entropy is in "
    "nats, lower is better; everything else is better when higher."
)


def clustering_table(results: Path, runs: list[str] | None, output: Path | None) -> pd.DataFrame:
    """Join results/metrics and results/baselines into one table and print it.

    `output`, if given, gets CSV; Markdown goes beside it. Raises UserError if there is nothing.
    """
    chosen = runs or sorted(p.name for p in (results / "metrics").glob("*") if p.is_dir())
    parts = [part for run in chosen for part in _run_rows(results, run)]
    if not parts:
        raise UserError(f"no metrics of {chosen or 'any run'} in {results}; make them first")
    table = pd.concat(parts, ignore_index=True)
    if output:
        write_csv(output, table)
        write_text(output.with_suffix(".md"), _markdown(table))
    _print(table)
    return table


def _run_rows(results: Path, run: str) -> list[pd.DataFrame]:
    parts = []
    paths = (results / "metrics" / run).glob("*.csv")
    for path in sorted(paths, key=lambda p: (p.stem != "train", p.stem)):
        metrics = read_csv(path, ("modality", "choice", "head"))
        both = metrics["modality"] == metrics["modality"].iloc[0]
        shown = metrics["choice"].isin(list(CHOICES)) & (both | (metrics["choice"] == "agreement"))
        metrics = metrics[shown].sort_values(
            ["choice"], key=lambda c: c.map(list(CHOICES).index), kind="stable"
        )
        ours = metrics.assign(
            method=metrics["choice"].map(CHOICES), honest=metrics["honest"].astype(bool)
        )
        tables = [ours]
        baseline = results / "baselines" / run / path.name
        if baseline.exists():
            tables.append(read_csv(baseline, ("method", "modality")).assign(honest=True))
        rows = pd.concat(tables, ignore_index=True).assign(run=run, split=path.stem)
        rows["figure"] = rows["honest"].map({True: "honest", False: "oracle"})
        parts.append(rows[["run", "split", "method", "modality", "figure", *SCORES]])
    return parts


def _markdown(table: pd.DataFrame) -> str:
    lines = [f"{CAPTION}\n"]
    heads = ["run", "split", "method", "modality", "figure", *(HEADINGS[s] for s in SCORES)]
    lines.append("| " + " | ".join(heads) + " |")
    lines.append("|" + "---|" * 5 + "---:|" * len(SCORES))
    lines.extend("| " + " | ".join(_cells(row)) + " |" for _, row in table.iterrows())
    return "\n".join(lines) + "\n"


def _cells(row: pd.Series) -> list[str]:
    words = [str(row[c]) for c in ("run", "split", "method", "modality", "figure")]
    return words + [f"{row[s]:.3f}" for s in SCORES]


def _print(table: pd.DataFrame) -> None:
    """The table on the standard output, 80 columns wide; the method's honest row stands out."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 80)
    for (run, split), rows in table.groupby(["run", "split"], sort=False):
        shown = Table(
            title=f"{run}, {split} clips", title_justify="left", title_style="bold",
            box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False,
        )  # fmt: skip
        shown.add_column("method", no_wrap=True)
        shown.add_column("modality", no_wrap=True)
        for score in SCORES:
            shown.add_column(HEADINGS[score], justify="right", no_wrap=True)
        for place, (_, row) in enumerate(rows.iterrows()):
            main = place == 0
            style = "bold green" if main else "dim" if row["figure"] == "oracle" else ""
            method, modality, figure, *scores = _cells(row)[2:]
            name = method.replace("SeLaVi,", "oracle:") if figure == "oracle" else method
            shown.add_row(name, modality, *scores, style=style)
        console.print(shown)
        console.print()
    console.print(CAPTION.replace("`", ""), style="dim", highlight=False)
