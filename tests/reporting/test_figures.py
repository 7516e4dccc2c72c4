from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.files import UserError, write_csv
from selavi.reporting.figures import label_history, training_figure

LOG = {
    "epoch": [1, 2, 3], "learning_rate": [0.1, 0.2, 0.15], "loss": [2.0, 1.5, 1.0],
    "loss_video": [2.5, 2.0, 1.5], "loss_audio": [1.5, 1.0, 0.5], "relabellings": [1, 0, 2],
    "labels_changed": [0.5, 0.0, 0.25], "clips_per_second": [10.0, 11.0, 12.0],
}  # fmt: skip


def curves(axes: Axes) -> list[list[tuple[float, float]]]:
    return [[(float(x), float(y)) for x, y in line.get_xydata()] for line in axes.lines]


def by_epoch(column: str) -> list[tuple[float, float]]:
    return list(zip(LOG["epoch"], LOG[column], strict=True))


def test_the_figure_shows_the_log_and_the_cluster_sizes(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    write_csv(tmp_path / "log.csv", pd.DataFrame(LOG))
    heads = {"head0": [0, 2, 2, 2, 1, 1, -1], "head1": [2, 2, 2, 2, 2, 2, 0]}
    write_csv(tmp_path / "labels.csv", pd.DataFrame({"id": "x", "key": "y", **heads}))
    for name in ("a.svg", "b.svg"):
        training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / name)
    loss, changes, agreement, learning_rate, speed, sizes = drawn[0].axes
    assert curves(loss) == [by_epoch(name) for name in ("loss_video", "loss_audio", "loss")]
    assert loss.get_legend_handles_labels()[1] == ["video", "audio", "mean"]
    assert curves(changes) == [[(1, 50), (3, 25)]]  # per cent, of the epochs with an update
    assert curves(agreement) == []
    assert curves(learning_rate) == [by_epoch("learning_rate")]
    assert curves(speed) == [by_epoch("clips_per_second")]
    assert curves(sizes) == [[(1, 3), (2, 2), (3, 1)], [(1, 6), (2, 1), (3, 0)]]
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_figure_shows_how_labels_moved(
    tmp_path: Path, drawn: list[Figure], history: Path
) -> None:
    write_csv(tmp_path / "log.csv", pd.DataFrame(LOG))
    write_csv(tmp_path / "labels.csv", pd.DataFrame({"id": "x", "key": "y", "head0": [0, 1]}))
    training_figure(
        tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / "a.svg", history.parent, history
    )
    before, classes = drawn[0].axes[2].lines
    assert before.get_xdata().tolist() == classes.get_xdata().tolist() == [1, 3, 10]
    assert before.get_ydata()[1:].tolist() == pytest.approx([0.5, 1])
    assert classes.get_ydata().tolist() == pytest.approx([1, 0.5, 0.5])


def test_how_labels_moved(tmp_path: Path, history: Path) -> None:
    table = label_history(tmp_path, history)
    assert table["epoch"].tolist() == [1, 3, 10]
    assert table["before"].tolist()[1:] == pytest.approx([0.5, 1])  # mean of 0 and 1; of 1 and 1
    assert table["classes"].tolist() == pytest.approx([1, 0.5, 0.5])
    write_csv(history, pd.read_csv(history).assign(label=""))
    assert "classes" not in label_history(tmp_path, history)


@pytest.mark.parametrize("damage", [b"", b"\0" * 60])
def test_labels_that_are_damaged_are_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "00001.npz"
    np.savez_compressed(path, labels=np.random.default_rng(0).integers(0, 9, (99, 2)))
    content = path.read_bytes()
    path.write_bytes(content[:150] + damage + content[150 + len(damage) :] if damage else damage)
    with pytest.raises(UserError, match=r"00001\.npz is damaged .*; remove it to plot"):
        label_history(tmp_path)
