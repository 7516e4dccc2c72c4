"""Write the formats that are asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from selavi.files import UserError, atomic_path
from selavi.label.formats import FORMATS
from selavi.label.formats.audacity import write_audacity
from selavi.label.formats.coco import write_coco
from selavi.label.formats.fiftyone import write_fiftyone
from selavi.label.formats.label_studio import write_label_studio
from selavi.label.formats.links import write_links
from selavi.label.formats.webvtt import write_webvtt
from selavi.label.formats.windows import labelled

_OF_LABELLED: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "webvtt": write_webvtt,
    "audacity": write_audacity,
    "label-studio": write_label_studio,
    "fiftyone": write_fiftyone,
}


def write_formats(
    labels: pd.DataFrame, folder: Path, formats: Sequence[str], link_folders: bool = False
) -> dict[str, Path]:
    """Write labels in the formats of other programs.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`.
    folder : Path
        Each format gets a folder of its name in it, replaced as a whole.
    formats : sequence of str
        Names, of FORMATS.
    link_folders : bool
        Also make `links`: a folder per cluster with links to its videos.

    Returns
    -------
    dict
        Format -> its file or folder, to show to people.

    Raises
    ------
    UserError
        If a format has no such name, or the disk or file system refuses to write.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UserError(f"{unknown[0]!r} is no format; the formats are {', '.join(FORMATS)}")
    rows, written = labelled(labels), {}
    for name in dict.fromkeys(formats):
        written[name] = folder / name
        if name == "parquet":
            written[name] = folder / name / "labels.parquet"
            _write_parquet(labels, written[name])
        elif name == "coco":
            written[name] = folder / name / "labels.json"
            write_coco(rows, folder / name, labels[labels["cluster"].isna()])
        else:
            _OF_LABELLED[name](rows, folder / name)
    if link_folders:
        written["links"] = folder / "links"
        write_links(rows, written["links"])
    return written


def _write_parquet(labels: pd.DataFrame, path: Path) -> None:
    """Write all rows, rejected ones too; numbers and text each of one type, whatever is empty."""
    types = {
        "start": "float64", "end": "float64", "cluster": "Int64", "model_cluster": "Int64",
        "confidence": "float64", "second": "Int64", "margin": "float64",
    }  # fmt: skip
    text = [name for name in labels if name not in types]
    whole = labels.fillna(dict.fromkeys(text, "")).astype(types | dict.fromkeys(text, "str"))
    with atomic_path(path) as temporary:
        whole.to_parquet(temporary, index=False)
