"""What each stage cost: time and memory of its jobs, as Snakemake measured them."""

import logging
from pathlib import Path

import pandas as pd

from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)


def costs_table(folder: Path, output: Path) -> pd.DataFrame:
    """Collect the benchmark files below `folder` ({stage}/....tsv) into one CSV.

    Returns
    -------
    One row per stage: stage, jobs, hours (wall clock, summed over jobs), longest (seconds of the
    slowest job), memory_mb (largest resident size of a job). A job over several nodes is measured
    where its launcher runs. Raises UserError if there are no such files.
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
        raise UserError(f"no benchmark files in {folder}; they appear as stages run")
    table = pd.DataFrame(rows).sort_values("hours", ascending=False, ignore_index=True)
    write_csv(output, table)
    log.info("%s: %d stages, %.2f hours of jobs", output, len(table), table["hours"].sum())
    return table


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", na_values="-")
    for column in ("s", "max_rss"):
        if column not in table:
            raise UserError(f"{path} has no column {column!r}: remove it, and run its rule again")
    return table[["s", "max_rss"]]
