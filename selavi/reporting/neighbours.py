"""An image of nearest neighbours: one query per row, with its neighbours beside it."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_frames
from selavi.data.shards.reader import CorruptClip, open_shard
from selavi.files import UserError, atomic_path, read_csv
from selavi.reporting.figures import STYLE

TEXT = ("query_key", "query_label", "neighbour_key", "neighbour_label")
NEEDED = ("query_sample", "query_label", "rank", "neighbour_sample", "neighbour_label")
RIGHT, WRONG = "tab:green", "tab:red"


def neighbours_figure(
    neighbours: Path, gallery: Path, queries: Path, output: Path, count: int = 8
) -> None:
    """Draw the middle frames of some queries and of their nearest neighbours.

    Neighbours of the query's class have a green border, others a red one.

    Parameters
    ----------
    neighbours : Path
        Neighbours CSV of the retrieval stage.
    gallery : Path
        Index of the training videos.
    queries : Path
        Index of the test videos.
    output : Path
        The PNG to write.
    count : int
        Number of queries, evenly spaced over all.

    Raises
    ------
    UserError
        If there are no neighbours.
    """
    table = read_csv(neighbours, TEXT, NEEDED)
    if table.empty:
        raise UserError(f"{neighbours} has no neighbours; make it again")
    samples = table["query_sample"].unique()
    shown = samples[np.linspace(0, len(samples) - 1, min(count, len(samples))).astype(int)]
    indexes = (read_index(queries), queries.parent), (read_index(gallery), gallery.parent)
    width = int(table["rank"].max())
    with mpl.rc_context(STYLE | {"axes.grid": False, "axes.titlesize": 7}):
        size = (1.4 * (width + 1), 1.6 * len(shown))
        figure = Figure(figsize=size, layout="constrained", dpi=110)
        grid = figure.subplots(len(shown), width + 1, squeeze=False)
        for axes, sample in zip(grid, shown, strict=True):
            rows = table[table["query_sample"] == sample].to_dict("records")
            _draw(axes[0], _middle(*indexes[0], int(sample)), rows[0]["query_label"], "black")
            for cell, row in zip(axes[1:], rows, strict=True):
                colour = RIGHT if row["neighbour_label"] == row["query_label"] else WRONG
                frame = _middle(*indexes[1], int(row["neighbour_sample"]))
                _draw(cell, frame, row["neighbour_label"], colour)
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


def _draw(axes: Axes, frame: np.ndarray | None, label: str, colour: str) -> None:
    if frame is not None:
        axes.imshow(frame)
    axes.set(xticks=[], yticks=[])
    axes.set_title(label.replace("$", r"\$")[:24], color=colour)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set(visible=True, color=colour, linewidth=2)


def _middle(index: pd.DataFrame, folder: Path, sample: int) -> np.ndarray | None:
    """The middle frame, (height, width, 3) uint8; None if there is none or it cannot be decoded."""
    row = index.iloc[sample]
    position = int(row["video_offset"]), int(row["video_size"])
    if not position[1]:
        return None
    try:
        with (
            open_shard(folder / row["shard"]) as shard,
            shard.member(*position, name=f"{row['id']}.mp4") as video,
        ):
            numbers = np.array([int(row["frames"]) // 2])
            [frame] = decode_frames(video, numbers, float(row["fps"]))
            return frame.to_ndarray(format="rgb24")
    except CorruptClip:
        return None
