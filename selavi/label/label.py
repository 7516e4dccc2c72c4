"""Label files with a trained network: all of it, from paths to the tables."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.files import explain_refusal, write_csv
from selavi.label.inputs import find_inputs
from selavi.label.loaded import Loaded
from selavi.label.table import clusters_of, labels_of
from selavi.label.windows import Windowing, plan_windows
from selavi.label.work import Work

log = logging.getLogger(__name__)

DEFAULT = Windowing()


@dataclass(frozen=True)
class Options:
    """How files are labelled.

    Attributes
    ----------
    windowing : Windowing
        How files are cut into windows.
    stored_seconds : float or None
        Length of the middle part of a window that is stored, for a page that shows it; by default
        what the network sees.
    workers : int or None
        Windows decoded at a time; None for one per CPU.
    """

    windowing: Windowing = DEFAULT
    stored_seconds: float | None = None
    workers: int | None = None

    @property
    def threads(self) -> int:
        """Windows decoded at a time."""
        return len(os.sched_getaffinity(0)) if self.workers is None else max(1, self.workers)


def label(
    paths: Sequence[Path], loaded: Loaded, output: Path, options: Options = Options()
) -> pd.DataFrame:
    """Label files, and write windows.csv, labels.csv and clusters.csv.

    Killed at any moment, the same call resumes; what was labelled before is not decoded again.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables, see `find_inputs`.
    loaded : Loaded
        The network.
    output : Path
        The folder to write.
    options : Options
        How files are cut, and how the work is done.

    Returns
    -------
    DataFrame
        Columns `selavi.data.schema.LABELS`: a row per window and per rejected file. None may have
        a cluster.

    Raises
    ------
    UserError
        If there are no files, or the machine is at fault.
    """
    with explain_refusal(output / "work"):
        (output / "work").mkdir(parents=True, exist_ok=True)
    plan = plan_windows(find_inputs(paths), options.windowing, threads=options.threads)
    write_csv(output / "windows.csv", plan)
    work = Work(output / "work", loaded.media, options.stored_seconds or loaded.stored_seconds)
    labels = labels_of(plan, work.parts(plan, loaded, options.threads), loaded)
    write_csv(output / "labels.csv", labels)
    write_csv(output / "clusters.csv", clusters_of(labels))
    return labels
