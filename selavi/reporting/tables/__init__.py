"""Result tables, with the paper's results beside ours."""

from dataclasses import replace
from pathlib import Path

from selavi.reporting.tables.clusters import ablation, baselines, clustering, degraded
from selavi.reporting.tables.layout import ResultTable, print_table, write_table
from selavi.reporting.tables.methods import methods
from selavi.reporting.tables.published import NOT_RUN
from selavi.reporting.tables.results import open_results
from selavi.reporting.tables.transfer import finetune, retrieval

BUILDERS = (clustering, methods, baselines, ablation, degraded, retrieval, finetune)

__all__ = ["BUILDERS", "make_tables"]


def make_tables(results: Path, runs: list[str] | None, output: Path | None) -> list[ResultTable]:
    """Build every table from a results folder, print those with rows, and write all.

    Without any score, as of videos without classes, the reason is printed and no table.

    Parameters
    ----------
    results : Path
        The results folder.
    runs : list of str or None
        The runs to show, None for all.
    output : Path or None
        Folder to write the tables to, None to print only.

    Returns
    -------
    list of ResultTable
        All tables.

    Raises
    ------
    UserError
        If the folder has no runs, or lacks one of those named.
    """
    opened = open_results(results, runs)
    built = [build(opened) for build in BUILDERS]
    tables = [replace(table, caption=f"{opened.origin}{table.caption}") for table in built]
    ours = {table.name: table.rows[table.rows["run"] != ""] for table in tables}
    scored = any(ours[table.name][table.measures].notna().any(axis=None) for table in tables)
    for table in tables:
        if output:
            write_table(table, output)
        if scored and len(ours[table.name]):
            print_table(table)
    if not scored:
        notes = dict.fromkeys(note for rows in ours.values() for note in rows["note"])
        reasons = [note.removeprefix(f"{NOT_RUN}: ") for note in notes]
        print(f"no scores: {'; '.join(reasons)}")
    return tables
