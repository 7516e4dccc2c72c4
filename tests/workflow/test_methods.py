"""Runs without a network, on features alone: no videos, no training."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.clustering.features import two_views
from tests.reporting.pages import read_column
from tests.workflow.running import copy_workflow, rules_run, snakemake


def test_methods_on_features_become_a_table(tmp_path: Path) -> None:
    checkout = copy_workflow(tmp_path)
    features, group, _ = two_views(clips=80)
    keys = np.array([f"clip-{n}" for n in range(80)])
    labels = [f"class {g}" for g in group]
    pd.DataFrame({"key": keys, "label": labels}).to_csv(tmp_path / "train.csv", index=False)
    order = np.random.default_rng(0).permutation(80)
    for modality, rows in features.items():
        np.savez(tmp_path / f"{modality}.npz", ids=keys[order], features=rows[order])
    config = {
        "datasets": {
            "mine": {
                "root": ".", "splits": {"train": {"clips": "train.csv"}},
                "features": {"video": "video.npz", "audio": "audio.npz"},
            }
        },
        "defaults": {
            "network": {
                "video_encoder": "frozen", "audio_encoder": "frozen", "clusters": 4, "heads": 2,
            }
        },
        "runs": {
            "kmeans": {"dataset": "mine", "method": "kmeans"},
            "auto": {"dataset": "mine", "method": "auto"},
        },
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = ("--configfile", "mine.yaml", "--", "tables_all", "explorer_all")
    ran = rules_run(snakemake(checkout, *command))
    assert "cluster_features" in ran
    assert not {"pretrain", "baselines", "shard"} & set(ran)
    results = tmp_path / "results"
    table = pd.read_csv(results / "tables/methods.csv", keep_default_na=False)
    assert table["run"].tolist() == ["kmeans", "auto", ""]
    assert table["method"].tolist()[1].endswith("(auto)")
    assert float(table["nmi"].iloc[0]) == 1
    assert float(table["nmi"].iloc[2]) < 0.2
    assert "clip-7" in read_column(results / "explorer/kmeans/index.html", "keys")
    candidates = pd.read_csv(results / "cluster-features/auto/candidates.csv")
    assert len(candidates) == 8  # four methods, two preparations
    assert rules_run(snakemake(checkout, "-n", *command)) == []
