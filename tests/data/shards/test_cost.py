"""Predicted cost of shards."""

from types import SimpleNamespace
from typing import Any

import pytest

from selavi.data.shards.cost import shard_costs
from selavi.estimates.workload import VideoRate, Workload
from selavi.settings import Config

CONFIG = {
    "datasets": {
        "mine": {
            "root": "videos",
            "splits": {"train": {}, "cats": {"of": "train", "classes": ["cat"]}},
        },
        "shards": {"root": "there", "splits": {"test": {"tars": ["0.tar"]}}},
    },
    "runs": {"mine": {"dataset": "mine"}},
}


def test_a_subset_adds_no_shards() -> None:
    sample: Any = SimpleNamespace(key="", rate=VideoRate(cpu_seconds=36.0, stored=1000.0))
    cache: Any = SimpleNamespace(get=lambda kind, key, measure: measure())
    workload = Workload(
        Config.model_validate(CONFIG),
        videos={("mine", "train"): 100, ("mine", "cats"): 60, ("shards", "test"): None},
        stored={("mine", "train"): 0, ("mine", "cats"): 0, ("shards", "test"): 5000},
        samples={"mine": sample},
        measure=lambda index, run: pytest.fail("no run is measured"),
        cache=cache,
    )
    made, imported = shard_costs(workload)
    assert (made.what, made.stage, made.cpu_hours, made.stored) == ("mine", "shard", 1.0, 1e5)
    assert (imported.what, imported.stage, imported.stored) == ("shards", "import-shards", 5000)
