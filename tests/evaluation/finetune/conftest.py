from pathlib import Path

import pytest

from selavi.data.schema import read_index
from selavi.files import write_csv


@pytest.fixture(scope="module")
def indexes(train_index: Path) -> tuple[Path, Path]:
    """A fold of 16 training and 8 test videos of 4 classes."""
    table = read_index(train_index)
    place = table.groupby("label").cumcount()
    paths = train_index.parent / "fold-train.csv", train_index.parent / "fold-test.csv"
    for path, rows in zip(paths, (table[place < 4], table[place >= 4]), strict=True):
        write_csv(path, rows.assign(sample=range(len(rows))))
    return paths
