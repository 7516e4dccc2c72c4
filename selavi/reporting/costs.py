"""Time and memory of each stage's jobs, as Snakemake measured them."""

import logging
from pathlib import Path

import pandas as pd

from selavi.files import UserError, write_csv, write_text
from selavi.reporting.tables.html import Part, html_page

log = logging.getLogger(__name__)


def costs_table(folder: Path, output: Path, page: Path | None = None) -> pd.DataFrame:
    """Collect Snakemake's benchmark files into one CSV.

    A job on several nodes is measured only where its launcher runs.

    Parameters
    ----------
    folder : Path
        The folder of the files, {stage}/....tsv.
    output : Path
        The CSV to write.
    page : Path, optional
        The HTML to write.

    Returns
    -------
    DataFrame
        One row per stage: `stage`, `jobs`, `hours` (wall clock, summed over jobs), `longest`
        (seconds of the slowest job), `memory_mb` (largest resident size of a job).

    Raises
    ------
    UserError
        If there are no such files.
    """
    rows = []
    for stage in sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []:
        files = sorted(stage.rglob("*.tsv"))
        parts = [_read(file) for file in files]
        if parts:
            jobs = pd.concat(parts, ignore_index=True).astype(float)
            rows.append(
                {
                    "stage": stage.name,
                    "jobs": len(jobs),
                    "hours": jobs["s"].sum() / 3600,
                    "longest": jobs["s"].max(),
                    "memory_mb": jobs["max_rss"].max(),
                }
            )
    if not rows:
        raise UserError(f"no benchmark files in {folder}; run the stages with Snakemake first")
    table = pd.DataFrame(rows).sort_values("hours", ascending=False, ignore_index=True)
    write_csv(output, table)
    if page:
        write_text(page, _page(table))
    log.info("%s: %d stages, %.2f hours of jobs", output, len(table), table["hours"].sum())
    return table


def _page(table: pd.DataFrame) -> str:
    headings = ("stage", "jobs", "all jobs (h)", "slowest job (s)", "largest job (MB)")
    rows = [
        [stage, f"{jobs}", f"{hours:.2f}", f"{longest:.0f}", f"{memory:.0f}"]
        for stage, jobs, hours, longest, memory in table.itertuples(index=False)
    ]
    caption = (
        "Wall-clock time and memory, as Snakemake measured them. Of a job on several nodes, only "
        "the launcher is measured."
    )
    numbers = [False, True, True, True, True]
    parts = [Part("", rows, [False] * len(rows))]
    return html_page("time and memory of each stage", caption, headings, numbers, parts)


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", na_values="-")
    for column in ("s", "max_rss"):
        if column not in table:
            raise UserError(f"{path} has no column {column!r}: remove it, and run its rule again")
    return table[["s", "max_rss"]]
