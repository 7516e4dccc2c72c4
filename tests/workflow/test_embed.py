"""Runs on the features of embedders, from videos to the labels of a new one."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from tests.workflow.running import copy_workflow, rules_run, snakemake

PLUG_IN = """
import numpy as np

def colours(bins):
    def embed(clips):
        counts = [
            [np.histogram(clip.frames[..., c], bins, (0, 256))[0] for c in range(3)]
            for clip in clips
        ]
        return np.array(counts, np.float64).reshape(len(clips), -1)
    return embed
"""


def test_a_plug_in_and_a_built_in_embedder(tmp_path: Path, demo_videos: Path) -> None:
    checkout = copy_workflow(tmp_path)
    (tmp_path / "mine.py").write_text(PLUG_IN)
    config = {
        "datasets": {
            "mine": {
                "root": str(demo_videos), "preset": "small",
                "splits": {"train": {"shards": 2}, "test": {"shards": 1}},
            }
        },
        "embedders": {
            "colours": {
                "factory": "mine:colours", "modality": "video", "frames": 2,
                "options": {"bins": 8},
            }
        },
        "runs": {
            "mine": {
                "dataset": "mine",
                "network": {
                    "video_encoder": "colours", "audio_encoder": "log_mel", "clusters": 4,
                    "heads": 2,
                },
                "feature_views": {"neighbours": 3},
                "training": {"batch_size": 8, "epochs": 5},
            }
        },
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = ("--configfile", "mine.yaml", "--", "assign_all")
    ran = rules_run(snakemake(checkout, *command))
    assert ran.count("embed") == 6 and ran.count("gather_features") == 4
    assigned = pd.read_csv(tmp_path / "results/assign/mine/test.csv")
    assert len(assigned) == 8 and assigned["cluster"].between(0, 3).all()
    assert rules_run(snakemake(checkout, "-n", *command)) == []

    label = [
        sys.executable, "-m", "selavi", "label", str(demo_videos / "test"), "--model",
        "results/pretrain/mine/model.pt", "--output", "labels",
    ]  # fmt: skip

    def labelling(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*label, *more], cwd=tmp_path, env=os.environ, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    told = labelling()
    settings = "results/settings/embedders/colours/video.yaml"
    assert told.returncode == 1 and f"--embedder (the workflow wrote {settings})" in told.stderr
    assert labelling("--embedder", settings).returncode == 0
    rows = pd.read_csv(tmp_path / "labels/labels.csv").set_index("path")
    first = assigned.set_index("path")["cluster"].rename("assigned")
    both = rows.join(first, how="inner")
    assert len(both) == 8 and (both["cluster"] == both["assigned"]).mean() >= 0.75
