"""An image of nearest neighbours: one query per row, with its neighbours beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_frames
from selavi.data.shards.reader import CorruptClip, open_shard
from selavi.files import UserError, read_csv
from selavi.reporting.style import BLACK, BLUE, VERMILION, WIDTH, new_figure

TEXT = ("query_key", "query_label", "neighbour_key", "neighbour_label")
NEEDED = ("query_sample", "query_label", "rank", "neighbour_sample", "neighbour_label")
# Colour, line and mark of a border: none relies on colour alone.
QUERY, RIGHT, WRONG = (BLACK, "-", ""), (BLUE, "-", "✓"), (VERMILION, (0, (3, 2)), "✗")
TITLE_SIZE = 6.5  # points


def neighbours_figure(
    neighbours: Path, gallery: Path, queries: Path, output: Path, count: int = 8
) -> None:
    """Draw the middle frames of some queries and of their nearest neighbours.

    Neighbours of the query's class have a solid blue border and a check mark, others a dashed
    orange one and a cross.

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
    style = {"axes.grid": False, "axes.titlesize": TITLE_SIZE, "axes.titleweight": "normal"}
    side = WIDTH / (width + 1)  # inches
    letters = int(72 * side / (0.6 * TITLE_SIZE)) - 2
    with new_figure(output, 0.2 + (side + 0.2) * len(shown), style) as figure:
        grid = figure.subplots(len(shown), width + 1, squeeze=False)
        for axes, sample in zip(grid, shown, strict=True):
            rows = table[table["query_sample"] == sample].to_dict("records")
            _draw(
                axes[0],
                _middle(*indexes[0], int(sample)),
                _short(rows[0]["query_label"], letters),
                QUERY,
            )
            for cell, row in zip(axes[1:], rows, strict=True):
                look = RIGHT if row["neighbour_label"] == row["query_label"] else WRONG
                frame = _middle(*indexes[1], int(row["neighbour_sample"]))
                _draw(cell, frame, _short(row["neighbour_label"], letters), look)
        for rank, axes in enumerate(grid[-1]):
            axes.set_xlabel(f"neighbour {rank}" if rank else "query")


def _draw(axes: Axes, frame: np.ndarray | None, label: str, look: tuple[str, Any, str]) -> None:
    colour, line, mark = look
    if frame is not None:
        axes.imshow(frame)
    axes.set(xticks=[], yticks=[])
    axes.set_title(label, loc="left")
    axes.set_title(mark, loc="right", color=colour)
    for side in ("left", "right", "top", "bottom"):
        spine = axes.spines[side]
        spine.set(visible=True, color=colour, linewidth=2, linestyle=line, capstyle="butt")


def _short(label: str, letters: int) -> str:
    """A class name as one line that is no wider than an image."""
    line = " ".join(label.split())
    line = line if len(line) <= letters else line[: max(1, letters - 1)] + "…"
    return line.replace("$", r"\$")


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
