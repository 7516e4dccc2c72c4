"""From paths to windows: all that is known before anything is labelled."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from selavi.label.inputs import find_inputs
from selavi.label.options import Options
from selavi.label.shot_cuts import ShotCuts
from selavi.label.windows import plan_windows


def plan_labels(paths: Sequence[Path], options: Options, work: Path) -> pd.DataFrame:
    """Find the files and plan their windows.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables, see `find_inputs`.
    options : Options
        How files are cut.
    work : Path
        Folder of the work, where scene changes are kept.

    Returns
    -------
    DataFrame
        Columns `selavi.label.windows.PLAN`.

    Raises
    ------
    UserError
        If there are no files, or a disk fails.
    """
    cuts = ShotCuts(work / "shots") if options.shots else None
    return plan_windows(find_inputs(paths), options.windowing, cuts, options.threads)
