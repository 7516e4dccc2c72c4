"""Label Studio's tasks with predictions, and the labelling interface that shows them.

https://labelstud.io/guide/predictions, https://labelstud.io/tags/timelinelabels,
https://labelstud.io/tags/audio
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pandas as pd

from selavi.files import write_text
from selavi.label.formats.file_names import below, common_folder
from selavi.label.formats.windows import Window, by_file, have_picture, write_json

FRAMES_PER_SECOND = 25
"""In which the timeline of a video counts; the interface says so, whatever the video's own rate."""


def write_label_studio(rows: pd.DataFrame, folder: Path) -> None:
    """Write videos.json with videos.xml, and audio.json with audio.xml, for two projects.

    A project has one interface: that of videos has a timeline, that of audio files a waveform. The
    tasks' addresses are those of local files, below the videos' common folder, which
    `LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT` has to name; `document_root.txt` has it.
    """
    root = common_folder(rows["path"].unique().tolist())
    with_picture = have_picture(rows)
    for name, part, region, interface in (
        ("videos", rows[with_picture], _video_region, _VIDEO),
        ("audio", rows[~with_picture], _audio_region, _AUDIO),
    ):
        tasks = [_task(path, found, root, region) for path, found in by_file(part)]
        files = folder / f"{name}.json", folder / f"{name}.xml"
        if not tasks:
            for file in files:
                file.unlink(missing_ok=True)
            continue
        labels = "".join(f"\n    <Label value={quoteattr(n)}/>" for n in sorted(set(part["shown"])))
        write_text(files[1], interface.format(labels=labels, rate=FRAMES_PER_SECOND))
        write_json(files[0], tasks)
    write_text(folder / "document_root.txt", f"{root}\n")


_VIDEO = """\
<View>
  <Video name="media" value="$media" frameRate="{rate}"/>
  <TimelineLabels name="cluster" toName="media">{labels}
  </TimelineLabels>
</View>
"""
_AUDIO = """\
<View>
  <Audio name="media" value="$media"/>
  <Labels name="cluster" toName="media">{labels}
  </Labels>
</View>
"""


def _task(
    path: str, found: list[Window], root: str, region: Callable[[Window], dict[str, object]]
) -> dict[str, object]:
    inside = str(below(path, root))
    regions = [
        {
            "id": f"window{number}",
            "from_name": "cluster",
            "to_name": "media",
            "score": window["confidence"],
            **region(window),
        }
        for number, window in enumerate(found)
    ]
    score = sum(window["confidence"] for window in found) / len(found)
    return {
        "data": {"media": f"/data/local-files/?d={quote(inside)}", "path": path},
        "predictions": [{"model_version": "selavi", "score": score, "result": regions}],
    }


def _video_region(window: Window) -> dict[str, object]:
    first = round(window["start"] * FRAMES_PER_SECOND) + 1  # frames are counted from 1
    last = max(first, round(window["end"] * FRAMES_PER_SECOND))
    value = {"ranges": [{"start": first, "end": last}], "timelinelabels": [window["shown"]]}
    return {"type": "timelinelabels", "value": value}


def _audio_region(window: Window) -> dict[str, object]:
    value = {"start": window["start"], "end": window["end"], "labels": [window["shown"]]}
    return {"type": "labels", "value": value}
