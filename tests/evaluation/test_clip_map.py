"""Positions of clips: like clips are near, the same features give the same, files are checked."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from selavi.cli import main
from selavi.data.schema import read_index
from selavi.evaluation.clip_map import FEW, ClipMap, has_umap, positions_of, umap_seconds
from selavi.files import UserError
from selavi.progress import MARK, PIPE, pipe_name
from tests.clustering.features import two_views
from tests.evaluation.test_cluster_features import clustered, given, split


def share_of_like_neighbours(positions: np.ndarray, group: np.ndarray) -> float:
    """Share of the clips whose nearest other clip is of the same group."""
    apart = np.square(positions[:, None] - positions[None]).sum(-1)
    np.fill_diagonal(apart, np.inf)
    return float((group[apart.argmin(1)] == group).mean())


@pytest.mark.slow  # UMAP compiles itself
def test_many_clips_are_placed_by_umap_beside_like_ones(caplog: pytest.LogCaptureFixture) -> None:
    features, group, _ = two_views(clips=FEW + 60, seed=0)
    with caplog.at_level(logging.INFO):
        positions, method = positions_of(features)
    assert f"placing {FEW + 60} clips in the plane by UMAP: about " in caplog.text
    again, _ = positions_of(features)
    assert method == "umap"
    assert positions.shape == (FEW + 60, 2) and positions.dtype == np.float32
    assert (positions == again).all()
    assert share_of_like_neighbours(positions, group) > 0.95


@pytest.mark.slow  # UMAP compiles itself
def test_umap_tells_how_far_it_is() -> None:
    code = f"""
import numpy as np
from selavi.evaluation.clip_map import positions_of
positions_of({{"video": np.random.default_rng(0).normal(size=({FEW}, 8)).astype(np.float32)}})
"""
    ours, theirs = os.pipe()
    told = os.environ | {PIPE: pipe_name(theirs)}
    subprocess.run([sys.executable, "-c", code], env=told, stderr=theirs, check=True)
    os.close(theirs)
    with os.fdopen(ours) as file:
        *_, last = file.read().removesuffix("\n").split(MARK)
    facts = json.loads(last)
    assert (facts["what"], facts["done"]) == ("map", facts["total"])


def test_the_time_of_umap_is_that_of_the_docs() -> None:
    assert has_umap()
    assert umap_seconds(FEW - 1) == 0
    assert 15 < umap_seconds(FEW) < 16  # to compile
    assert umap_seconds(20_000) == pytest.approx(24, rel=0.02)
    assert umap_seconds(170_752) == pytest.approx(490, rel=0.02)


def test_few_clips_are_placed_by_principal_components() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 20)
    rows = rng.normal(0, 0.1, (40, 8)) + np.eye(8)[group]
    positions, method = positions_of({"video": rows.astype(np.float32)})
    assert method == "pca"
    assert share_of_like_neighbours(positions, group) == 1


def test_each_modality_has_the_same_weight_and_may_be_absent() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    once, _ = positions_of({"video": rows, "audio": rows})
    larger, _ = positions_of({"video": rows, "audio": 100 * rows})
    np.testing.assert_allclose(once, larger, atol=1e-5)
    rows[3] = np.nan
    some, _ = positions_of({"video": rows, "audio": once})
    assert np.isfinite(some).all()


@pytest.mark.slow  # UMAP compiles itself
def test_many_clips_of_few_kinds_have_finite_places() -> None:
    kinds = np.repeat(np.eye(2, 8, dtype=np.float32), FEW // 2, 0)
    for rows in (kinds, kinds[:1].repeat(FEW, 0), np.full((FEW, 8), np.nan, np.float32)):
        positions, method = positions_of({"video": rows})
        assert method == "umap"
        assert np.isfinite(positions).all()


@pytest.mark.parametrize(("clips", "size"), [(1, 5), (2, 5), (3, 1)])
def test_the_smallest_maps(clips: int, size: int) -> None:
    positions, _ = positions_of({"video": np.ones((clips, size), np.float32)})
    assert positions.shape == (clips, 2) and np.isfinite(positions).all()


def test_the_clips_of_a_network(model: Path, train_index: Path, tmp_path: Path) -> None:
    output = tmp_path / "map.npz"
    done = main(
        ["map", "--model", str(model), "--index", str(train_index), "--output", str(output)]
    )
    made = ClipMap.read(output)
    assert done == 0
    assert made.ids.tolist() == read_index(train_index)["id"].tolist()
    assert (made.method, made.of) == ("pca", "video+audio")
    assert len(np.unique(made.positions, axis=0)) == len(made.ids)


def test_the_clips_of_a_clustering(tmp_path: Path) -> None:
    split(tmp_path, "train", clips=60, seed=0)
    clustering, output = clustered(tmp_path), tmp_path / "map.npz"
    done = main(
        ["map", "--model", str(clustering), "--index", str(tmp_path / "train/index.csv"),
         "--output", str(output), *given(tmp_path / "train")]
    )  # fmt: skip
    made = ClipMap.read(output)
    index = read_index(tmp_path / "train/index.csv")
    assert done == 0
    assert made.ids.tolist() == index["id"].tolist()
    assert share_of_like_neighbours(made.positions, index["label"].to_numpy()) > 0.8


def test_files_that_are_no_maps(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    with pytest.raises(UserError, match="does not exist; make it by `selavi map`"):
        ClipMap.read(path)
    path.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(UserError, match="is not a file of `selavi map`"):
        ClipMap.read(path)
    np.savez(path, ids=np.array([object()]), positions=np.zeros((1, 2)), method="pca", of="video")
    with pytest.raises(UserError, match="is not a file of `selavi map`"):
        ClipMap.read(path)
    with pytest.raises(UserError, match=f"{tmp_path} cannot be read"):
        ClipMap.read(tmp_path)
    ClipMap(np.array(["a"]), np.full((1, 2), np.nan, np.float32), "pca", "video").write(path)
    with pytest.raises(UserError, match="no position for each clip"):
        ClipMap.read(path)
