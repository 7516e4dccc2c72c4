"""Runs on given features, whose encoders are frozen: the preset `features`, files to clusters."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.data.sampling import open_clips
from selavi.data.sources.clip_table import ClipTable
from selavi.engine.process_group import Group
from selavi.evaluation.assign import assign
from selavi.models.checkpoint import build_network, load_model
from selavi.models.preparation import Preparation
from selavi.settings import Modality, RunSettings, TrainingSettings
from selavi.training.consensus import match_heads, predictions
from selavi.training.optim import fit_to_clips, learning_rate
from selavi.training.preparation import first_labels, prepare
from selavi.training.pretrain import pretrain
from tests.training.runs import train

CLIPS = 600
GROUP = Group(0, 1, torch.device("cpu"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[Modality, Path]:
    """Features of handwritten digits: their upper and their lower halves."""
    folder = tmp_path_factory.mktemp("features")
    pixels, digits = load_digits(return_X_y=True)
    ids = np.array([f"digit{n:04d}" for n in range(CLIPS)])
    pd.DataFrame({"key": ids, "label": digits[:CLIPS]}).to_csv(folder / "clips.csv", index=False)
    ClipTable(folder / "clips.csv").write_index(
        folder / "index.csv", folder / "rejected.csv", folder / "summary.csv"
    )
    pixels = pixels[:CLIPS].astype(np.float32)
    paths: dict[Modality, Path] = {"video": folder / "upper.npz", "audio": folder / "lower.npz"}
    for path, rows in zip(paths.values(), (pixels[:, :32], pixels[:, 32:]), strict=True):
        np.savez(path, ids=ids, features=rows)
    return paths


def run(**changes: Any) -> RunSettings:
    """The preset's run of ten clusters."""
    network = {"clusters": 10} | changes.pop("network", {})
    raw = {"dataset": "digits", "preset": "features", "network": network} | changes
    return RunSettings.model_validate(raw)


@pytest.fixture(scope="module")
def trained(files: dict[Modality, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("trained")
    pretrain(files["video"].with_name("index.csv"), run(), output, files)
    return output


def test_the_recipe_finds_the_digits_better_than_kmeans(
    trained: Path, files: dict[Modality, Path], tmp_path: Path
) -> None:
    index = files["video"].with_name("index.csv")
    assign(trained / "model.pt", index, tmp_path / "a.csv", tmp_path / "a.pkl", features=files)
    table = pd.read_csv(tmp_path / "a.csv")
    found = float(nmi(table["label"], table["cluster"]))
    clips = open_clips(index, run(), features=files)
    first = first_labels(run(), prepare(run(), clips, GROUP).clips, GROUP)
    kmeans = np.mean([nmi(table["label"], head) for head in first.T])
    assert found > kmeans + 0.02


def test_the_consensus_is_one_more_head(trained: Path) -> None:
    network, settings, facts = load_model(trained / "model.pt")
    assert facts["head"] == settings.network.heads == 6
    assert settings.network.preparation in ("l2_pca", "standardise_pca")
    assert not any(e.applied for e in network.encoders.values() if isinstance(e, Preparation))
    rows = torch.randn(5, network.encoders["video"].features)
    both = network.logits("video", rows, network.result_heads)
    mean = network.logits("video", rows).softmax(-1).mean(0)
    torch.testing.assert_close(both[6].exp(), mean)
    torch.testing.assert_close(network.logits("video", rows, [6])[0], both[6])


def test_heads_of_several_numbers_are_as_wide_as_their_clusters() -> None:
    chosen = {"clusters": [3, 5], "heads": 2, "preparation": "l2_pca"}
    network = build_network(run(network=chosen), {"video": 9, "audio": 9})
    rows = torch.randn(4, network.encoders["video"].features)
    network.eval()
    for head, clusters in enumerate([3, 3, 5, 5, 3, 5]):  # the last two are consensuses
        alone = network.logits("video", rows, [head])
        assert alone.shape == (1, 4, clusters)
    both = network.logits("video", rows, [0, 5])
    assert both.shape == (2, 4, 5) and both[0, :, 3:].isneginf().all()


def test_the_same_run_gives_the_same_model(
    trained: Path, files: dict[Modality, Path], tmp_path: Path
) -> None:
    pretrain(files["video"].with_name("index.csv"), run(), tmp_path, files)
    assert (tmp_path / "labels.csv").read_bytes() == (trained / "labels.csv").read_bytes()


def test_heads_are_matched(trained: Path, files: dict[Modality, Path]) -> None:
    network, settings, _ = load_model(trained / "model.pt")
    clips = open_clips(files["video"].with_name("index.csv"), settings, features=files)
    before = predictions(network, clips)
    same = (before == before[:, :1]).mean()
    torch.manual_seed(0)
    labels = torch.from_numpy(before.copy())
    for head in range(1, 6):
        permutation = torch.randperm(10)
        for modality in network.modalities:
            network.permute_head(modality, head, permutation)
        labels[:, head] = permutation.argsort()[labels[:, head]]
    assert (predictions(network, clips) == before[:, :1]).mean() < 0.5
    match_heads(network, clips, labels)
    after = predictions(network, clips)
    assert (after == after[:, :1]).mean() == pytest.approx(same, abs=0.05)
    np.testing.assert_array_equal(after, labels.numpy())


def test_a_rejected_clip_has_no_label_and_is_nobodys_neighbour(
    files: dict[Modality, Path],
) -> None:
    settings = run()
    clips = open_clips(files["video"].with_name("index.csv"), settings, features=files)
    clips.given["audio"].rejected[7] = "of a test"
    prepared = prepare(settings, clips, GROUP).clips
    draws = prepared.feature_views
    assert draws is not None
    for near in draws.neighbours.values():
        assert not (np.delete(near, 7, axis=0) == 7).any()
        assert (near[7] == 7).all()
    labels = first_labels(settings, prepared, GROUP)
    assert (labels[7] == -1).all()
    assert (np.delete(labels.numpy(), 7, axis=0) >= 0).all()
    assert len({tuple(head.tolist()) for head in labels.T}) > 1  # from different starts


def test_views_are_of_clips_near_in_all_modalities_or_in_their_own(
    files: dict[Modality, Path],
) -> None:
    clips = open_clips(files["video"].with_name("index.csv"), run(), features=files)
    prepared, drawn = {}, {}
    for nearest in ("joined", "each"):
        settings = run(feature_views={"nearest": nearest, "neighbours": 1})
        ready = prepare(settings, clips, GROUP).clips
        assert ready.feature_views is not None
        drawn[nearest], prepared[nearest] = ready.feature_views.neighbours, ready.features
    rows = prepared["each"]
    sides = {name: cdist(matrix, matrix, "sqeuclidean") for name, matrix in rows.items()}
    for distances in sides.values():
        np.fill_diagonal(distances, np.inf)
    for name, distances in sides.items():
        assert (drawn["each"][name][:, 0] == distances.argmin(1)).mean() > 0.99  # but for ties
    both = np.add(*sides.values()).argmin(1)
    np.testing.assert_array_equal(drawn["joined"]["video"], drawn["joined"]["audio"])
    assert (drawn["joined"]["video"][:, 0] == both).mean() > 0.99


def test_epochs_and_batches_fit_the_clips() -> None:
    preset = run().training
    large, small, tiny = (fit_to_clips(preset, n, 1) for n in (100_000, 300, 5))
    assert large == preset
    assert (small.batch_size, small.epochs, small.warmup_epochs) == (150, 120, 6)
    assert (tiny.batch_size, tiny.epochs) == (2, 120)
    paper = TrainingSettings()
    assert fit_to_clips(paper, 20, 1) is paper


def test_the_cosine_falls_from_the_base_rate_to_zero() -> None:
    training = run().training
    rates = [learning_rate(training, epoch, 256) for epoch in (0, 1, 2, 21, 40)]
    assert rates == pytest.approx([1e-5, (1e-5 + 3e-3) / 2, 3e-3, 1.5e-3, 0], abs=1e-9)


@pytest.mark.slow
def test_two_processes_find_the_same_labels_as_one(
    files: dict[Modality, Path], tmp_path: Path
) -> None:
    """Preparation, neighbours and first labels come from one of them; the rest from both."""
    index = files["video"].with_name("index.csv")
    given = [text for name, path in files.items() for text in ("--features", f"{name}={path}")]
    for world in (1, 2):
        training = {"batch_size": 200 // world, "epochs": 12, "least_steps": 0}
        settings = run(training=training, labelling={"optimisations": 4})
        train(settings, index, tmp_path / str(world), *given, world=world)
    labels = [pd.read_csv(tmp_path / str(world) / "labels.csv") for world in (1, 2)]
    heads = [name for name in labels[0] if name.startswith("head")]
    assert len(heads) == 6
    same = labels[0][heads].to_numpy() == labels[1][heads].to_numpy()
    assert same.mean() > 0.995
    losses = [pd.read_csv(tmp_path / str(world) / "log.csv")["loss"] for world in (1, 2)]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-3)
