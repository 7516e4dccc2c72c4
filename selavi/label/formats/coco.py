"""JSON in the manner of COCO: videos, categories, and an annotation per window.

As https://cocodataset.org/#format-data, with `videos` for `images`, as the video datasets made in
its manner have it, and `segment`, in seconds, for a box. Rejected parts are in `rejected`.
"""

from pathlib import Path

import pandas as pd

from selavi.label.formats.windows import names_of, windows, write_json


def write_coco(rows: pd.DataFrame, folder: Path, rejected: pd.DataFrame) -> None:
    """Write labels.json.

    Parameters
    ----------
    rows : DataFrame
        Labelled windows.
    folder : Path
        Where to write.
    rejected : DataFrame
        Rows of the same labels that have a reason.
    """
    paths = pd.unique(pd.concat([rows["path"], rejected["path"]]))
    videos = {path: number for number, path in enumerate(paths, start=1)}
    annotations = [
        {
            "id": number,
            "video_id": videos[window["path"]],
            "category_id": window["cluster"],
            "segment": [window["start"], window["end"]],
            "score": window["confidence"],
            "second_category_id": window["second"],
            "margin": window["margin"],
            "modalities": window["modalities"],
            "duplicate_of": window["duplicate_of"] or None,
        }
        for number, window in enumerate(windows(rows), start=1)
    ]
    content = {
        "info": {"description": "clusters of windows of videos, by selavi"},
        "videos": [{"id": number, "file_name": path} for path, number in videos.items()],
        "categories": [{"id": cluster, "name": name} for cluster, name in names_of(rows).items()],
        "annotations": annotations,
        "rejected": [
            {
                "video_id": videos[path],
                "segment": None if pd.isna(start) or pd.isna(end) else [float(start), float(end)],
                "reason": reason,
                "detail": detail,
            }
            for path, start, end, reason, detail in rejected[
                ["path", "start", "end", "reason", "detail"]
            ].itertuples(index=False)
        ],
    }
    write_json(folder / "labels.json", content)
