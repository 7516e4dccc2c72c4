from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from selavi.cli import main
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import build_network, save_model
from selavi.reporting.distributions import distributions
from selavi.settings import RunSettings


def test_sizes_stand_beside_what_was_drawn(
    tiny_run: Callable[..., RunSettings], tmp_path: Path, drawn: list[Figure]
) -> None:
    settings = tiny_run()
    sizes = [[0.1, 0.2, 0.3, 0.4], [0.25] * 4]
    facts = {"head": 0, "sizes": sizes}
    save_model(tmp_path / "model.pt", build_network(settings), settings, facts)
    labels = pd.DataFrame({"id": "x", "key": "y", "head0": np.repeat([2, 0, 3, 1], [4, 3, 2, 1]),
                           "head1": [-1, -1, 0, 0, 1, 1, 2, 2, 3, 3]})  # fmt: skip
    write_csv(tmp_path / "labels.csv", labels)
    (tmp_path / "names.csv").write_text("head,cluster,name\n0,3,dog\n")
    assert main(["distributions", "--model", str(tmp_path / "model.pt"), "--labels",
                 str(tmp_path / "labels.csv"), "--output", str(tmp_path / "d.csv"),
                 "--names", str(tmp_path / "names.csv"),
                 "--figure", str(tmp_path / "d.svg")]) == 0  # fmt: skip
    table = pd.read_csv(tmp_path / "d.csv", keep_default_na=False)
    first = table[table["head"] == 0]
    assert first["cluster"].tolist() == [1, 3, 0, 2]
    assert first["clips"].tolist() == [1, 2, 3, 4]
    assert first["drawn"].tolist() == [1, 2, 3, 4]
    assert first["name"].tolist() == ["", "dog", "", ""]
    second = table[table["head"] == 1]
    assert (second["name"] == "").all()  # names are of the selected head
    assert (second["clips"] == 2).all()
    assert (second["drawn"] == 2).all()  # of the eight clips that have a label
    assert "gaussian marginals" in (tmp_path / "d.svg").read_text()
    (figure,) = drawn
    for axes, clips, share in zip(figure.axes, ([1, 2, 3, 4], [2] * 4), sizes, strict=True):
        (area,) = axes.collections
        (line,) = axes.lines
        outline = area.get_paths()[0].vertices
        assert set(outline[:, 0]) == {0, 0.5, 1.5, 2.5, 3}  # steps from rank to rank
        assert [outline[outline[:, 0] == x, 1].max() for x in (0, 0.5, 1.5, 2.5)] == clips
        assert line.get_ydata().tolist() == pytest.approx([s * sum(clips) for s in share])


def test_a_model_without_sizes_is_said(
    tiny_run: Callable[..., RunSettings], tmp_path: Path
) -> None:
    settings = tiny_run()
    save_model(tmp_path / "model.pt", build_network(settings), settings, {"head": 0})
    with pytest.raises(UserError, match="has no prescribed cluster sizes"):
        distributions(tmp_path / "model.pt", tmp_path / "l.csv", tmp_path / "d", tmp_path / "f")
