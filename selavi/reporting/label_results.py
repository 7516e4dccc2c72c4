"""What a labelling leaves for people: formats of other programs, links, and the summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.label.formats.write import write_formats
from selavi.label.summary import print_summary


@dataclass(frozen=True)
class Wanted:
    """What to make of a labelling beyond its tables.

    Attributes
    ----------
    formats : sequence of str
        Names, of `selavi.label.formats.FORMATS`.
    link_folders : bool
        Whether to make a folder per cluster with links to its videos.
    """

    formats: Sequence[str] = ()
    link_folders: bool = False


def show_labels(labels: pd.DataFrame, output: Path, wanted: Wanted) -> None:
    """Write what is wanted below the folder of a labelling, then print its summary.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`.
    output : Path
        The folder, in which labels.csv and clusters.csv are.
    wanted : Wanted
        What to write.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    tables = {name: output / f"{name}.csv" for name in ("labels", "clusters", "names")}
    addresses = {name: path for name, path in tables.items() if path.exists()}
    addresses |= write_formats(labels, output / "formats", wanted.formats, wanted.link_folders)
    print_summary(labels, addresses)
