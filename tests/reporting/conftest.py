from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from selavi.data.schema import BOUNDS
from selavi.files import write_csv


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that the test saves, as matplotlib has them."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: object, **options: object) -> None:
        figures.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Labels of three epochs, and the index of their clips, which is returned."""
    for epoch, labels in ((1, [0, 0, 1, 1, -1]), (3, [0, 1, 0, 1, 0]), (10, [1, 0, 1, 0, 1])):
        array = np.array([labels, [5, 5, 6, 6, 6]], dtype=np.int32).T
        np.savez(tmp_path / f"{epoch:05d}.npz", labels=array)
    index = pd.DataFrame({"sample": range(5), "label": ["a", "a", "b", "b", ""]})
    for name in ("id", "key", "path", "reason", "detail", "shard"):
        index[name] = "x"
    write_csv(tmp_path / "index.csv", index.assign(**dict.fromkeys(BOUNDS, 1)))
    return tmp_path / "index.csv"
