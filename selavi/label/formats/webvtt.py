"""WebVTT, https://www.w3.org/TR/webvtt1/: subtitles that show a video's clusters as it plays."""

from pathlib import Path

import pandas as pd

from selavi.label.formats.file_names import places
from selavi.label.formats.folders import fresh_folder
from selavi.label.formats.windows import Window, by_file

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_webvtt(rows: pd.DataFrame, folder: Path) -> None:
    """Write a subtitle file per video, one cue per window: its cluster and the confidence."""
    at = places(rows["path"], ".vtt")
    with fresh_folder(folder) as new:
        for path, found in by_file(rows):
            file = new / at[path]
            file.parent.mkdir(parents=True, exist_ok=True)
            cues = [_cue(window) for window in found]
            file.write_text("\n\n".join(["WEBVTT", *cues]) + "\n", encoding="utf-8")


def _cue(window: Window) -> str:
    text = f"{window['shown']} ({window['confidence']:.0%})".translate(_ESCAPES)
    return f"{_time(window['start'])} --> {_time(window['end'])}\n{text}"


def _time(seconds: float) -> str:
    """A WebVTT timestamp, HH:MM:SS.mmm.

    Examples
    --------
    >>> _time(3661.9996)
    '01:01:02.000'
    """
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds / 1000:06.3f}"
