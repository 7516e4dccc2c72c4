"""A run's `corrections` in the workflow: what is made again, what is corrected, what stays."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.clustering.features import two_views
from tests.reporting.pages import run_of
from tests.workflow.running import copy_workflow, rules_run, snakemake

CLIPS = 60


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with a run of k-means on features of two splits, made without corrections."""
    checkout = copy_workflow(tmp_path)
    features, group, _ = two_views(clips=CLIPS)
    keys = np.array([f"clip-{n}" for n in range(CLIPS)])
    table = pd.DataFrame({"key": keys, "label": [f"class {g}" for g in group]})
    table[:40].to_csv(tmp_path / "train.csv", index=False)
    table[40:].to_csv(tmp_path / "test.csv", index=False)
    for modality, rows in features.items():
        np.savez(tmp_path / f"{modality}.npz", ids=keys, features=rows)
    splits = {name: {"clips": f"{name}.csv"} for name in ("test", "train")}
    config = {
        "datasets": {
            "mine": {
                "root": ".", "splits": splits,
                "features": {"video": "video.npz", "audio": "audio.npz"},
            }
        },
        "defaults": {
            "network": {"video_encoder": "frozen", "audio_encoder": "frozen", "clusters": 3}
        },
        "runs": {"kmeans": {"dataset": "mine", "method": "kmeans"}},
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    snakemake(checkout, "--configfile", "mine.yaml", "--", "assign_all", "name_clusters_all")
    return checkout


def test_corrections_of_a_run(checkout: Path) -> None:
    results = checkout / "results"
    before = (results / "assign/kmeans/train.csv").read_bytes()
    model = pd.read_csv(results / "assign/kmeans/train.csv")
    other = pd.read_csv(results / "assign/kmeans/test.csv")
    first = int(model["cluster"][0])
    into = next(k for k in range(3) if k != first)
    file = {
        "format": "selavi corrections 1", "title": "kmeans", "head": 0, "clusters": 3,
        "names": [{"cluster": into, "name": "=both"}],
        "merged": [{"from": first, "into": into}], "new": [{"cluster": 3, "from": first}],
        "moved": [{"clip": model["id"][0], "from": first, "to": 3}],
        "tags": [{"clip": model["id"][1], "tags": ["loud"]}],
        "members": [{"cluster": first, "clips": model["id"][model["cluster"] == first].tolist()}],
    }  # fmt: skip
    overlay = ("--configfile", "mine.yaml", "over.yaml")
    (checkout / "over.yaml").write_text("runs: {kmeans: {corrections: 'my $(touch x).json'}}\n")
    missing = snakemake(checkout, *overlay, "-n", code=1)
    assert "runs.kmeans.corrections: my $(touch x).json does not exist" in missing
    (checkout / "my $(touch x).json").write_text(json.dumps(file))
    plan = snakemake(checkout, *overlay, "-n", "--", "correct_all", "explorer_all")
    assert {"correct", "name_clusters", "explorer"} <= set(rules_run(plan))
    assert "assign" not in rules_run(plan)
    snakemake(checkout, *overlay, "--", "correct_all", "explorer_all")
    assert not (checkout / "x").exists()
    assert (results / "assign/kmeans/train.csv").read_bytes() == before

    train = pd.read_csv(results / "correct/kmeans/train.csv")
    wanted = model["cluster"].where(model["cluster"] != first, into)
    wanted[0] = 3
    assert train["cluster"].tolist() == wanted.tolist()
    assert (train["by"] == "person").equals(model["cluster"] == first)
    assert train["tags"][1] == "loud"
    test = pd.read_csv(results / "correct/kmeans/test.csv")
    merged = other["cluster"].where(other["cluster"] != first, into)
    assert test["cluster"].tolist() == merged.tolist()
    for split, clips in (("train", 40), ("test", 20)):
        scores = pd.read_csv(results / f"correct/kmeans/scores/{split}.csv").set_index("by")
        assert scores["clips"].tolist() == [clips, clips]
        assert scores.loc["model", "nmi"] > scores.loc["person", "nmi"]  # two groups are merged
        assert scores["honest"].to_dict() == {"model": True, "person": False}
    names = pd.read_csv(results / "name-clusters/kmeans.csv").set_index("cluster")
    assert names.loc[into, ["name", "source"]].tolist() == ["'=both", "corrections"]
    page = run_of(results / "explorer/kmeans/index.html")
    assert page["corrections"]["merged"] == [{"from": first, "into": into}]
    after = {row["split"]: row for row in page["corrected"]}
    assert set(after) == {"train", "test"}
    assert after["train"]["changed"] == (model["cluster"] == first).sum()
    assert after["train"]["nmi"] < max(row["nmi"] for row in page["scores"])
