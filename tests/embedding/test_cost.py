"""What embedding is predicted to cost, from a few real clips."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selavi.embedding.cost import embed_costs
from selavi.estimates.workload import VideoRate, Workload
from selavi.rate_cache import RateCache
from selavi.settings import Config
from selavi.training.cost import clip_rate

PLUG_IN = """
import time
import numpy as np

def slow(seconds):
    def embed(clips):
        until = time.process_time() + seconds * len(clips)
        while time.process_time() < until:
            pass
        return np.ones((len(clips), 50))
    return embed
"""


@dataclass
class Clips:
    """A sample of the shard of an index."""

    index: Path
    key: str
    rate: VideoRate


@pytest.fixture
def workload(
    train_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Workload]:
    """A dataset of 1,000 videos and a subset of it, with one run of an embedder."""
    (tmp_path / "slow_plug_in.py").write_text(PLUG_IN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def make(factory: str, **options: Any) -> Workload:
        few = {"of": "train", "classes": ["cat"]}
        config = Config.model_validate({
            "datasets": {"d": {"root": ".", "splits": {"train": {"shards": 2}, "few": few}}},
            "embedders": {"slow": {"factory": factory, "modality": "video", "options": options}},
            "runs": {"r": {"dataset": "d", "modalities": ["video"],
                           "network": {"video_encoder": "slow", "clusters": 4}}},
        })  # fmt: skip
        videos = {("d", "train"): 1000, ("d", "few"): 300}
        sample = {"d": Clips(train_index, str(tmp_path), VideoRate(1.0, 1.0))}
        return Workload(config, videos, {}, sample, clip_rate, RateCache())

    return make


def test_the_time_of_an_embedder_counts_once_for_a_subset(
    workload: Callable[..., Workload],
) -> None:
    (cost,) = embed_costs(workload("slow_plug_in:slow", seconds=0.05))
    assert (cost.what, cost.stage) == ("d", "embed")
    assert 0.05 * 1000 < 3600 * cost.cpu_hours < 0.15 * 1000
    assert cost.stored == pytest.approx(2 * 1000 * 50 * 4)


def test_an_embedder_that_is_not_there_is_left_out(
    workload: Callable[..., Workload], caplog: pytest.LogCaptureFixture
) -> None:
    assert not list(embed_costs(workload("no_such_module:make")))
    assert "the embedder slow is not estimated: " in caplog.text
