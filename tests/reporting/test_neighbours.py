import io
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from selavi.data.schema import read_index
from selavi.files import UserError, write_csv
from selavi.reporting.neighbours import NEEDED, TEXT, neighbours_figure


def middle_frame(index: Path, sample: int) -> np.ndarray:
    row = read_index(index).iloc[sample]
    with (index.parent / row["shard"]).open("rb") as tar:
        tar.seek(row["video_offset"])
        content = tar.read(row["video_size"])
    with av.open(io.BytesIO(content), format="mp4") as video:
        frames = list(video.decode(video=0))
    return frames[len(frames) // 2].to_ndarray(format="rgb24")


@pytest.fixture
def neighbours(train_index: Path, tmp_path: Path) -> Path:
    """Three queries with two neighbours each; the first neighbour alone is of the query's class."""
    rows = [
        {
            "query_sample": query, "query_label": f"class {query}", "rank": rank,
            "neighbour_sample": query + rank, "distance": 0.1 * rank,
            "neighbour_label": f"class {query}" if rank == 1 else "another",
        }
        for query in (0, 6, 12)
        for rank in (1, 2)
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(query_key="x", neighbour_key="x")
    assert set(TEXT) <= set(table.columns)
    write_csv(tmp_path / "n.csv", table)
    return tmp_path / "n.csv"


def test_queries_stand_beside_their_neighbours(
    train_index: Path, neighbours: Path, tmp_path: Path, drawn: list[Figure]
) -> None:
    outputs = [tmp_path / f"{name}.png" for name in ("a", "b")]
    for output in outputs:
        neighbours_figure(neighbours, train_index, train_index, output, count=2)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert outputs[0].read_bytes().startswith(b"\x89PNG")
    cells = drawn[0].axes
    samples = [0, 1, 2, 12, 13, 14]  # the first and the last query, each before its neighbours
    assert len(cells) == len(samples)
    for axes, sample in zip(cells, samples, strict=True):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), middle_frame(train_index, sample))
    titles = [axes.get_title(loc="left") for axes in cells]
    assert titles == [
        "class 0", "class 0", "another", "class 12", "class 12", "another",
    ]  # fmt: skip
    colours = [axes.spines["top"].get_edgecolor() for axes in cells]
    assert colours[:3] == colours[3:]
    assert len(set(colours)) == 3  # a query, a right neighbour, a wrong one


def test_a_table_without_neighbours_is_said(train_index: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "n.csv", pd.DataFrame(columns=sorted({*TEXT, *NEEDED})))
    with pytest.raises(UserError, match=r"n\.csv has no neighbours"):
        neighbours_figure(tmp_path / "n.csv", train_index, train_index, tmp_path / "a.png")
