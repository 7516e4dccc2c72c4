"""What all figures have in common: whole ticks, named axes, legends beside the data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.files import write_csv
from selavi.reporting.figures import training_figure
from selavi.reporting.style import COLOURS, WIDTH, count_along, draw_line, legend_above, new_figure
from tests.reporting.test_figures import LOG


def legend_and_data(axes: Axes) -> tuple[float, float]:
    """Where the legend begins and the data end, from the bottom of the figure."""
    legend = axes.get_legend()
    assert legend is not None
    return legend.get_window_extent().y0, axes.get_window_extent().y1


@pytest.mark.parametrize("count", [1, 4, 10])
def test_every_legend_is_within_the_figure(
    tmp_path: Path, drawn: list[Figure], history: Path, count: int
) -> None:
    write_csv(tmp_path / "log.csv", pd.DataFrame(LOG))
    heads = {f"head{head}": [0, 1] for head in range(count)}
    write_csv(tmp_path / "labels.csv", pd.DataFrame({"id": "x", "key": "y", **heads}))
    training_figure(
        tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / "a.svg", history.parent, history
    )
    (figure,) = drawn
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert len(legends) == 3  # of the loss, the agreement and the sizes
    assert all(legend.get_window_extent().x1 <= figure.bbox.x1 for legend in legends)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_ticks_of_a_training_are_whole_epochs(
    tmp_path: Path, drawn: list[Figure], epochs: int
) -> None:
    write_csv(tmp_path / "log.csv", pd.DataFrame(LOG).head(epochs))
    write_csv(tmp_path / "labels.csv", pd.DataFrame({"id": "x", "key": "y", "head0": [0, 1]}))
    training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / "a.svg")
    (figure,) = drawn
    assert figure.get_size_inches()[0] == WIDTH
    for axes in figure.axes:
        ticks = axes.get_xticks()
        assert (ticks == ticks.round()).all(), (axes.get_title(loc="left"), ticks)
        assert axes.get_xlabel() and axes.get_ylabel()
        for line in axes.lines:  # a line through one point is invisible
            assert len(line.get_xdata()) > 1 or line.get_marker() not in ("None", "", None)
    start, end = legend_and_data(figure.axes[0])
    assert start >= end


def test_a_modality_alone_has_one_curve(tmp_path: Path, drawn: list[Figure]) -> None:
    log = pd.DataFrame(LOG).drop(columns="loss_audio").assign(loss_video=LOG["loss"])
    write_csv(tmp_path / "log.csv", log)
    write_csv(tmp_path / "labels.csv", pd.DataFrame({"id": "x", "key": "y", "head0": [0, 1]}))
    training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / "a.svg")
    loss = drawn[0].axes[0]
    assert len(loss.lines) == 1 and loss.get_legend() is None  # nothing that hides another


def test_heads_of_several_numbers_have_only_their_own_ranks(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    write_csv(tmp_path / "log.csv", pd.DataFrame(LOG))
    labels = {"id": "x", "key": "y", "head0": [0, 1, 1, 1], "head1": [0, 1, 2, 3]}
    write_csv(tmp_path / "labels.csv", pd.DataFrame(labels))
    training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / "a.svg")
    ranks = [line.get_xdata().tolist() for line in drawn[0].axes[5].lines]
    assert ranks == [[1, 2], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.png", b"\x89PNG"), ("a", b"<?xml")],
)
def test_a_file_is_what_its_name_says_and_the_same_again(
    tmp_path: Path, name: str, start: bytes
) -> None:
    contents = []
    for _ in range(2):
        with new_figure(tmp_path / name, 2) as figure:
            axes = figure.subplots()
            draw_line(axes, [1, 2], [3, 4], label="one")
            count_along(axes.xaxis)
            legend_above(axes)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1] and contents[0].startswith(start)


def test_a_figure_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_figure(tmp_path / "a.svg", 2):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)  # fmt: skip


def seen(colour: str) -> np.ndarray:
    """CIELAB of a colour as people without green cones see it."""
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = (DEUTERANOPIA @ linear).clip(0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ linear / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_differ_for_colour_blind_people() -> None:
    for place, one in enumerate(COLOURS):
        for other in COLOURS[place + 1 :]:
            assert np.linalg.norm(seen(one) - seen(other)) > 15, (one, other)
