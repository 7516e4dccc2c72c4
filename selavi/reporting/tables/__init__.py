"""The paper's tables, ours beside them."""

from pathlib import Path

from selavi.files import UserError
from selavi.reporting.tables.clusters import ablation, baselines, clustering, degradation
from selavi.reporting.tables.layout import ResultTable, print_table, write_table
from selavi.reporting.tables.sources import Results
from selavi.reporting.tables.transfer import finetune, retrieval

BUILDERS = (clustering, baselines, ablation, degradation, retrieval, finetune)

__all__ = ["BUILDERS", "make_tables"]


def make_tables(results: Path, runs: list[str] | None, output: Path | None) -> list[ResultTable]:
    """Build every table from what lies in `results`, print those with rows, and write all.

    runs : to show; all by default. output : folder to write to, if given.

    Raises UserError if there are no runs.
    """
    found = Results(results, runs)
    if not found.runs:
        raise UserError(f"no runs in {results}: neither settings nor metrics; make them first")
    tables = [build(found) for build in BUILDERS]
    for table in tables:
        if output:
            write_table(table, output)
        if set(table.rows["note"]) != {"not run: not configured"}:
            print_table(table)
    return tables
