"""The paper's tables, ours beside them."""

from dataclasses import replace
from pathlib import Path

from selavi.reporting.tables.clusters import ablation, baselines, clustering, degraded
from selavi.reporting.tables.layout import ResultTable, print_table, write_table
from selavi.reporting.tables.results import open_results
from selavi.reporting.tables.transfer import finetune, retrieval

BUILDERS = (clustering, baselines, ablation, degraded, retrieval, finetune)

__all__ = ["BUILDERS", "make_tables"]


def make_tables(results: Path, runs: list[str] | None, output: Path | None) -> list[ResultTable]:
    """Build every table from a results folder, print those with rows, and write all.

    runs : to show; all by default. output : folder to write to, if given.

    Raises UserError if there are no runs, or not those named.
    """
    found = open_results(results, runs)
    made = [build(found) for build in BUILDERS]
    tables = [replace(table, caption=f"{found.origin}{table.caption}") for table in made]
    for table in tables:
        if output:
            write_table(table, output)
        if table.rows["run"].any():
            print_table(table)
    return tables
