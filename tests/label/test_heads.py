"""What every head says of labelled windows, from stored features."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from selavi.data.schema import head_columns
from selavi.evaluation.clip_map import FEW, ClipMap, positions_of
from selavi.label.heads import Heads, every_head
from selavi.label.loaded import Loaded, load_labeller
from selavi.label.predict import Predicted
from selavi.label.table import best_two

ROWS = 9
MUTE = [2, 5]


def predicted(loaded: Loaded, rows: slice = slice(None), count: int = ROWS) -> Predicted:
    """Features drawn at random, and the selected head's logits; some windows have no audio."""
    random = np.random.default_rng(1)
    features = {
        name: random.normal(size=(count, size)).astype(np.float32)
        for name, size in loaded.feature_sizes.items()
    }
    if "audio" in features:
        features["audio"][MUTE] = np.nan
    with torch.inference_mode():
        logits = {
            name: loaded.network.logits(name, torch.from_numpy(each), [loaded.head])[0].numpy()
            for name, each in features.items()
        }
    ids = np.array([f"{row:016x}" for row in range(count)])
    part = {name: each[rows] for name, each in features.items()}
    return Predicted(
        ids[rows], part, {name: each[rows] for name, each in logits.items()}, np.empty((0, 0))
    )


def said(loaded: Loaded, folder: Path, *parts: Predicted) -> Heads:
    """What every head says of all windows of the parts."""
    ids = pd.Series([name for part in parts for name in part.ids])
    return every_head(parts, loaded, ids, folder / "map.npz")


def test_the_selected_head_says_what_the_labels_say(label_model: Path, tmp_path: Path) -> None:
    """In two parts, as two shards."""
    loaded = load_labeller(str(label_model))
    parts = predicted(loaded, slice(4)), predicted(loaded, slice(4, None))
    heads = said(loaded, tmp_path, *parts)
    assert heads.clusters == 4
    assert heads.table["id"].tolist() == [f"{row:016x}" for row in range(ROWS)]
    assert set(heads.table["head"]) == {loaded.head} == {loaded.settings.network.heads - 1}
    whole = predicted(loaded)
    wanted = best_two(whole.logits)
    cluster, _, margin = head_columns("video+audio", loaded.head)
    assert heads.table[cluster].tolist() == wanted["cluster"].tolist()
    np.testing.assert_allclose(heads.table[margin], wanted["margin"], atol=1e-6)
    np.testing.assert_array_equal(heads.clip_map.positions, positions_of(whole.features)[0])
    assert (heads.clip_map.method, heads.clip_map.of) == ("pca", "video+audio")


def test_other_windows_and_repeated_ones_are_left_out(label_model: Path, tmp_path: Path) -> None:
    loaded = load_labeller(str(label_model))
    whole = predicted(loaded)
    wanted = pd.Series([f"{row:016x}" for row in (6, 3, 20)])
    parts = predicted(loaded, slice(2)), predicted(loaded, slice(2, None)), whole
    heads = every_head(parts, loaded, wanted, tmp_path / "map.npz")
    everything = said(loaded, tmp_path, whole).table
    chosen = everything.iloc[[3, 6]].reset_index(drop=True)
    pd.testing.assert_frame_equal(heads.table, chosen, rtol=0, atol=1e-6)
    assert heads.clip_map.ids.tolist() == heads.table["id"].tolist()


@pytest.mark.slow  # UMAP compiles itself
def test_the_map_of_many_windows_is_kept_until_they_change(
    label_model: Path, tmp_path: Path
) -> None:
    loaded = load_labeller(str(label_model))
    kept = tmp_path / "map.npz"
    first = said(loaded, tmp_path, predicted(loaded, count=FEW)).clip_map
    assert first.method == "umap"
    # Moved, so that a map that is read differs from one that is made.
    ClipMap(first.ids, first.positions + 100, first.method, first.of).write(kept)
    again = said(loaded, tmp_path, predicted(loaded, count=FEW)).clip_map
    np.testing.assert_array_equal(again.positions, first.positions + 100)
    more = said(loaded, tmp_path, predicted(loaded, count=FEW + 1)).clip_map
    assert len(more.positions) == FEW + 1 and len(ClipMap.read(kept).ids) == FEW + 1
    kept.write_bytes(b"damaged")
    made = said(loaded, tmp_path, predicted(loaded, count=FEW)).clip_map
    np.testing.assert_array_equal(made.positions, first.positions)


def test_windows_without_a_modality_have_no_cluster_by_it(
    label_model: Path, tmp_path: Path
) -> None:
    loaded = load_labeller(str(label_model))
    table = said(loaded, tmp_path, predicted(loaded)).table
    for head in range(loaded.settings.network.heads):
        cluster, _, margin = head_columns("audio", head)
        assert np.flatnonzero(table[cluster] == -1).tolist() == MUTE
        assert (table.loc[MUTE, margin] == 0).all()
        both, video = (table[head_columns(name, head)[0]] for name in ("video+audio", "video"))
        assert (video >= 0).all() and (both[MUTE] == video[MUTE]).all()


@pytest.mark.parametrize("levels", [[2, 4], [4]], ids=["several", "one"])
def test_heads_of_several_numbers_of_clusters(
    make_model: Callable[..., Path], tmp_path: Path, levels: list[int]
) -> None:
    network = {"clusters": levels if len(levels) > 1 else levels[0], "heads": 2}
    loaded = load_labeller(str(make_model(tmp_path / "model.pt", network=network)))
    table = said(loaded, tmp_path, predicted(loaded)).table
    counts = loaded.network.result_counts
    if len(levels) > 1:
        assert set(table["head_clusters"]) == {" ".join(map(str, counts))} == {"2 2 4 4"}
    else:
        assert "head_clusters" not in table
    for head, clusters in enumerate(counts):
        assert table[head_columns("video", head)[0]].between(0, clusters - 1).all()


def test_one_modality_has_no_joint_clusters(
    make_model: Callable[..., Path], tmp_path: Path
) -> None:
    model = make_model(tmp_path / "model.pt", modalities=["video"])
    loaded = load_labeller(str(model))
    found = said(loaded, tmp_path, predicted(loaded))
    assert found.clip_map.of == "video"
    assert not [name for name in found.table if "+" in str(name)]
