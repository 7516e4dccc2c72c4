"""The tree of the clusters of several numbers, and what each number scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.cli import main
from selavi.data.schema import HEAD_CLUSTERS
from selavi.files import write_csv


def assignments(path: Path, counts: list[int], heads: list[list[int]], head: int) -> Path:
    clips = len(heads[0])
    table = pd.DataFrame(
        {
            "sample": range(clips), "id": [f"{n:016x}" for n in range(clips)],
            "key": [f"{n}.mp4" for n in range(clips)], "path": "/v.mp4",
            "label": [f"class {n % 4}" for n in range(clips)], "cluster": heads[head],
            "confidence": 0.5, "margin": 0.1, "head": head,
            HEAD_CLUSTERS: " ".join(map(str, counts)),
        }
    )  # fmt: skip
    for number, clusters in enumerate(heads):
        table[f"video_head{number}"] = clusters
    write_csv(path, table)
    return path


def test_four_clusters_are_halves_of_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = [n % 4 for n in range(40)]
    coarse = [n % 2 for n in range(40)]
    coarse[0] = 1  # one of the ten clips of cluster 0
    other = np.random.default_rng(0).integers(2, size=40).tolist()
    path = assignments(tmp_path / "a.csv", [2, 2, 4, 4], [coarse, other, fine, fine], head=2)
    files = {name: str(tmp_path / name) for name in ("tree.csv", "levels.csv", "tree.svg")}
    command = ["tree", "--assignments", str(path), "--output", files["tree.csv"]]
    assert main([*command, "--levels", files["levels.csv"], "--figure", files["tree.svg"]]) == 0
    levels = pd.read_csv(files["levels.csv"])
    assert levels["clusters"].tolist() == [2, 4] and levels["selected"].tolist() == [False, True]
    assert levels["agreement"].iloc[1] == 1 and levels["agreement"].iloc[0] < 0.2
    assert levels["nmi"].iloc[1] == 1
    tree = pd.read_csv(files["tree.csv"])
    if levels["head"].iloc[0] == 0:
        first = tree[tree["child"] == 0]
        assert first["parent"].tolist() == [0, 1] and first["share"].tolist() == [0.9, 0.1]
    assert tree.groupby("child")["share"].sum().round(9).tolist() == [1] * 4
    assert tree.groupby("child")["clips"].sum().tolist() == [10] * 4
    drawing = Path(files["tree.svg"]).read_text()
    assert "selected: 4" in drawing and "oracle, by classes: 4" in drawing
    said = capsys.readouterr().err
    assert "selected 4 clusters, without classes; by the classes (oracle) 4" in said


@pytest.mark.parametrize(
    ("counts", "heads", "words"),
    [
        ([], [[0, 1], [1, 0]], "all heads have the same number of clusters"),
        ([2, 4], [[-1, -1], [-1, -1]], "a.csv has no clip with a cluster; make it again"),
    ],
)
def test_what_has_no_tree(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    counts: list[int],
    heads: list[list[int]],
    words: str,
) -> None:
    path = assignments(tmp_path / "a.csv", counts, heads, head=0)
    command = ["tree", "--assignments", str(path), "--output", str(tmp_path / "t.csv")]
    command += ["--levels", str(tmp_path / "l.csv"), "--figure", str(tmp_path / "t.svg")]
    assert main(command) == 1
    assert words in capsys.readouterr().err
