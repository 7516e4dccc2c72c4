"""Heads of several numbers of clusters in one training, through the stages."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.cli import main
from selavi.data.schema import cluster_counts, number_of_clusters, read_assignments
from selavi.evaluation.logits import read_logits
from selavi.label.names_file import read_names
from selavi.models.checkpoint import load_model
from selavi.settings import RunSettings
from tests.training.runs import train

pytestmark = pytest.mark.slow
Run = Callable[..., RunSettings]


def test_heads_of_several_numbers_of_clusters(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    settings = tiny_run(network={"clusters": [2, 4, 6], "heads": 2}, labelling={"consensus": True})
    train(settings, train_index, tmp_path)
    model, table, logits = tmp_path / "model.pt", tmp_path / "a.csv", tmp_path / "logits.pt"
    network, _, facts = load_model(model)
    counts = [2, 2, 4, 4, 6, 6]
    assert network.cluster_counts == counts
    assert facts["levels"]["clusters"] == [2, 4, 6]
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert [labels[f"head{h}"].max() + 1 for h in range(6)] == counts
    best = max(range(3), key=facts["levels"]["agreement"].__getitem__)
    chosen = facts["levels"]["clusters"][best]
    assert counts[facts["head"]] == chosen

    given = ["--model", str(model), "--index", str(train_index)]
    assert main(["assign", *given, "--csv", str(table), "--pickle", str(tmp_path / "a.pkl")]) == 0
    assigned = read_assignments(table)
    assert cluster_counts(assigned) == counts
    assert number_of_clusters(assigned) == chosen
    for head, clusters in enumerate(counts):
        assert assigned[f"video+audio_head{head}"].between(0, clusters - 1).all()
    assert pd.read_pickle(tmp_path / "a.pkl")["number_of_clusters"] == chosen

    assert main(["logits", *given, "--output", str(logits)]) == 0
    exported = read_logits(logits)
    assert [rows.shape[1] for rows in exported.logits["audio"]] == counts
    for head in range(6):
        same = exported.clusters()["video+audio"][:, head] == assigned[f"video+audio_head{head}"]
        assert same.all()

    names, sizes = tmp_path / "names.csv", tmp_path / "sizes.csv"
    assert main(["name-clusters", "--assignments", str(table), "--output", str(names)]) == 0
    assert len(pd.read_csv(names)) == chosen
    assert read_names(names, facts["head"])
    for source in (["--logits", str(logits)], ["--assignments", str(table)]):
        assert main(["metrics", *source, "--output", str(tmp_path / "m.csv")]) == 0
    given = ["--model", str(model), "--labels", str(tmp_path / "labels.csv")]
    made = ["--output", str(sizes), "--figure", str(tmp_path / "sizes.svg")]
    assert main(["distributions", *given, *made]) == 0
    assert pd.read_csv(sizes)["head"].value_counts().sort_index().tolist() == counts


def test_automatic_numbers_are_those_of_the_training_clips(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    train(tiny_run(network={"clusters": "auto", "heads": 2}), train_index, tmp_path)
    _, settings, facts = load_model(tmp_path / "model.pt")
    assert settings.network.clusters == facts["levels"]["clusters"] == [2, 3, 5]  # of 24 clips
