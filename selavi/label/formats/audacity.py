"""Audacity's label tracks: a line per window of start, end and text, separated by tabs.

https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

from pathlib import Path

import pandas as pd

from selavi.label.formats.file_names import places
from selavi.label.formats.folders import fresh_folder
from selavi.label.formats.windows import by_file


def write_audacity(rows: pd.DataFrame, folder: Path) -> None:
    """Write a label track per video or audio file."""
    at = places(rows["path"], ".txt")
    with fresh_folder(folder) as new:
        for path, found in by_file(rows):
            file = new / at[path]
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = [
                f"{window['start']:.6f}\t{window['end']:.6f}\t"
                f"{window['shown']} ({window['confidence']:.0%})\n"
                for window in found
            ]
            file.write_text("".join(lines), encoding="utf-8")
