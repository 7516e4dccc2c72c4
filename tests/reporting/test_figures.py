from pathlib import Path

import pandas as pd

from selavi.files import write_csv
from selavi.reporting.figures import training_figure


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
