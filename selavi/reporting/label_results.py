"""What a labelling leaves for people: formats of other programs, links, a page, and the summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.label.corrections_file import Corrections
from selavi.label.formats.write import write_formats
from selavi.label.heads import Heads
from selavi.label.summary import print_summary
from selavi.reporting.explorer.build import CLIPS_PER_CLUSTER, MEGABYTES
from selavi.reporting.explorer.labels_page import make_labels_page

PAGE_SECONDS = 6.0
"""Length of a window's middle part that a page plays."""


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


NOTHING = Wanted()


@dataclass(frozen=True)
class Page:
    """What a page of a labelling needs besides the labels.

    Attributes
    ----------
    clips : DataFrame
        What is stored of each window; see `make_labels_page`.
    heads : Heads
        What every head says of the windows.
    clips_per_cluster : int
        Maximum number of clips per cluster that it stores.
    max_megabytes : float
        Limit of these clips, in 10^6 bytes.
    threads : int
        ffmpeg processes at a time.
    facts : dict
        What is known of the model; see `model_facts`.
    corrections : Corrections, optional
        What people changed.
    """

    clips: pd.DataFrame
    heads: Heads
    clips_per_cluster: int = CLIPS_PER_CLUSTER
    max_megabytes: float = MEGABYTES
    threads: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    corrections: Corrections | None = None


def show_labels(
    labels: pd.DataFrame, output: Path, wanted: Wanted = NOTHING, page: Page | None = None
) -> None:
    """Write what is wanted below the folder of a labelling, then print its summary.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`.
    output : Path
        The folder, in which labels.csv and clusters.csv are.
    wanted : Wanted
        What to write.
    page : Page, optional
        For `explorer/index.html`, if at least one window has a cluster of the model.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    tables = {name: output / f"{name}.csv" for name in ("labels", "clusters", "names")}
    addresses = {name: path for name, path in tables.items() if path.exists()}
    addresses |= write_formats(labels, output / "formats", wanted.formats, wanted.link_folders)
    if page:
        addresses["page"] = output / "explorer" / "index.html"
        title = output.absolute().name
        make_labels_page(
            labels,
            page.clips,
            addresses["page"],
            title=title,
            heads=page.heads,
            clips_per_cluster=page.clips_per_cluster,
            max_megabytes=page.max_megabytes,
            threads=page.threads,
            facts=page.facts,
            corrections=page.corrections,
            names=tables["names"] if tables["names"].exists() else None,
        )
    print_summary(labels, addresses)
