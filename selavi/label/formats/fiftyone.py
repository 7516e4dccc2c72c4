"""FiftyOne's format FiftyOneTemporalDetectionDataset: videos with temporal detections.

https://docs.voxel51.com/user_guide/import_datasets.html#fiftyonetemporaldetectiondataset
"""

import logging
from pathlib import Path

import pandas as pd

from selavi.label.formats.windows import by_file, have_picture, write_json

log = logging.getLogger(__name__)


def write_fiftyone(rows: pd.DataFrame, folder: Path) -> None:
    """Write data.json, where each video is, and labels.json, the windows of each.

    FiftyOne asks every file for its frame rate, so audio files are left out.
    """
    with_picture = have_picture(rows)
    left_out = rows.loc[~with_picture, "path"].nunique()
    if left_out:
        files = "1 audio file is" if left_out == 1 else f"{left_out} audio files are"
        log.info("fiftyone: %s left out, as FiftyOne shows none", files)
    rows = rows[with_picture]
    videos = list(by_file(rows))
    # FiftyOne takes a suffix off a key, and paths have dots.
    keys = [f"{number:08d}" for number in range(len(videos))]
    classes = sorted(rows["shown"].unique())
    position = {name: number for number, name in enumerate(classes)}
    detections = {
        key: [
            {
                "label": position[window["shown"]],
                "timestamps": [window["start"], window["end"]],
                "confidence": window["confidence"],
                "attributes": {
                    name: window[name]
                    for name in ("cluster", "second", "margin", "modalities", "duplicate_of")
                },
            }
            for window in found
        ]
        for key, (_, found) in zip(keys, videos, strict=True)
    }
    media = {key: str(Path(path).absolute()) for key, (path, _) in zip(keys, videos, strict=True)}
    write_json(folder / "data.json", media)
    write_json(folder / "labels.json", {"classes": classes, "labels": detections})
