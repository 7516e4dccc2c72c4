"""A plug-in that computes on a GPU, and leaves its results there."""

from pathlib import Path

import numpy as np
import pytest

from selavi.data.schema import read_shard_table
from selavi.embedding.embed import ShardEmbedder
from selavi.settings import EmbedderSettings

pytestmark = pytest.mark.gpu
PLUG_IN = """
import torch

def means(device):
    def embed(clips):
        frames = [torch.from_numpy(clip.frames).to(device).float() for clip in clips]
        return [each.mean((0, 1, 2)) for each in frames] if len(clips) > 2 else torch.stack(
            [each.mean((0, 1, 2)) for each in frames]).half()
    return embed
"""


@pytest.mark.parametrize("batch_size", [2, 16])
def test_features_on_a_gpu_are_taken(
    train_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    (tmp_path / "gpu_plug_in.py").write_text(PLUG_IN)
    monkeypatch.chdir(tmp_path)
    rows = read_shard_table(train_index.parent / "00000.csv")
    rows = rows[rows["reason"] == ""].head(6)
    made = []
    for device in ("cpu", "cuda"):
        settings = EmbedderSettings(
            factory="gpu_plug_in:means", modality="video", options={"device": device},
            batch_size=batch_size,
        )  # fmt: skip
        made.append(ShardEmbedder(settings).embed(train_index.parent / "00000.tar", rows))
    assert not made[0].rejected and not made[1].rejected
    np.testing.assert_allclose(made[0].rows, made[1].rows, rtol=1e-2)
