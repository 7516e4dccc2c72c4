from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.data.schema import BOUNDS
from selavi.files import UserError, write_csv
from selavi.reporting.figures import label_history, training_figure


def test_the_figure_is_the_same_bytes_again(tmp_path: Path) -> None:
    log = {
        "epoch": [1, 2], "learning_rate": [0.1, 0.1], "loss": [2.0, 1.0], "loss_video": [2.0, 1.0],
        "relabellings": [1, 0], "labels_changed": [0.5, 0.0], "clips_per_second": [10.0, 11.0],
    }  # fmt: skip
    write_csv(tmp_path / "log.csv", pd.DataFrame(log))
    labels = pd.DataFrame({"sample": [0, 1], "id": "x", "key": "y", "head0": [0, 1]})
    write_csv(tmp_path / "labels.csv", labels)
    for name in ("a.svg", "b.svg"):
        training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_how_labels_moved(tmp_path: Path) -> None:
    for epoch, labels in ((1, [0, 0, 1, 1, -1]), (3, [0, 1, 0, 1, 0]), (10, [1, 0, 1, 0, 1])):
        array = np.array([labels, [5, 5, 6, 6, 6]], dtype=np.int32).T
        np.savez(tmp_path / f"{epoch:05d}.npz", labels=array)
    index = pd.DataFrame({"sample": range(5), "label": ["a", "a", "b", "b", ""]})
    for name in ("id", "key", "path", "reason", "detail", "shard"):
        index[name] = "x"
    index = index.assign(**dict.fromkeys(BOUNDS, 1))
    write_csv(tmp_path / "index.csv", index)
    table = label_history(tmp_path, tmp_path / "index.csv")
    assert table["epoch"].tolist() == [1, 3, 10]
    assert table["before"].tolist()[1:] == pytest.approx([0.5, 1])  # mean of 0 and 1; of 1 and 1
    assert table["classes"].tolist() == pytest.approx([1, 0.5, 0.5])
    write_csv(tmp_path / "index.csv", index.assign(label=""))
    assert "classes" not in label_history(tmp_path, tmp_path / "index.csv")


@pytest.mark.parametrize("damage", [b"", b"\0" * 60])
def test_labels_that_are_damaged_are_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "00001.npz"
    np.savez_compressed(path, labels=np.random.default_rng(0).integers(0, 9, (99, 2)))
    content = path.read_bytes()
    path.write_bytes(content[:150] + damage + content[150 + len(damage) :] if damage else damage)
    with pytest.raises(UserError, match=r"00001\.npz is damaged .*; remove it, and the figure"):
        label_history(tmp_path)
