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
    assert first["rank"].tolist() == [1, 2, 3, 4]
    assert first["cluster"].tolist() == [2, 0, 3, 1]
    assert first["clips"].tolist() == [4, 3, 2, 1]
    assert first["prescribed"].tolist() == [4, 3, 2, 1]
    assert first["name"].tolist() == ["", "", "dog", ""]
    second = table[table["head"] == 1]
    assert (second["name"] == "").all()  # names are of the selected head
    assert (second["clips"] == 2).all()
    assert (second["prescribed"] == 2).all()  # of the eight clips that have a label
    assert "gaussian marginals" in (tmp_path / "d.svg").read_text()
    (figure,) = drawn
    for axes, clips, share in zip(figure.axes, ([4, 3, 2, 1], [2] * 4), sizes, strict=True):
        (points,) = axes.lines
        middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
        assert middles == pytest.approx([1, 2, 3, 4])
        assert [bar.get_height() for bar in axes.patches] == clips
        assert points.get_xdata().tolist() == [1, 2, 3, 4]
        assert points.get_ydata().tolist() == pytest.approx([s * sum(clips) for s in share[::-1]])


def test_the_largest_cluster_of_a_later_head_is_within_the_panels(
    tiny_run: Callable[..., RunSettings], tmp_path: Path, drawn: list[Figure]
) -> None:
    settings = tiny_run()
    facts = {"head": 0, "sizes": [[0.25] * 4, [0.01, 0.01, 0.01, 0.97]]}
    save_model(tmp_path / "model.pt", build_network(settings), settings, facts)
    labels = {"id": "x", "key": "y", "head0": [0, 1, 2, 3] * 10, "head1": [0] * 37 + [1, 2, 3]}
    write_csv(tmp_path / "labels.csv", pd.DataFrame(labels))
    files = [tmp_path / name for name in ("model.pt", "labels.csv", "d.csv", "d.svg")]
    distributions(*files)
    assert all(axes.get_ylim()[0] == 0 < 38.8 < axes.get_ylim()[1] for axes in drawn[0].axes)


def test_a_model_without_sizes_is_said(
    tiny_run: Callable[..., RunSettings], tmp_path: Path
) -> None:
    settings = tiny_run()
    save_model(tmp_path / "model.pt", build_network(settings), settings, {"head": 0})
    with pytest.raises(UserError, match="has no prescribed cluster sizes"):
        distributions(tmp_path / "model.pt", tmp_path / "l.csv", tmp_path / "d", tmp_path / "f")
