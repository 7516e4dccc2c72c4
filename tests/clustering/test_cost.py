"""What clustering features is predicted to cost, against what it costs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selavi.clustering.cost import MethodTimes, cluster_features_costs
from selavi.clustering.methods import cluster
from selavi.estimates.cost import Seconds
from selavi.estimates.timing import cpu_seconds
from selavi.estimates.workload import ClipRate, Workload
from selavi.evaluation.clip_map import umap_seconds
from selavi.evaluation.cost import map_costs
from selavi.rate_cache import RateCache
from selavi.settings import Config, RunSettings
from selavi.training.cost import clip_rate, pretrain_costs


def workload(
    clips: int, rate: Callable[[Path | None, RunSettings], ClipRate] = clip_rate, **run: object
) -> Workload:
    config = Config.model_validate({
        "datasets": {"d": {"root": ".", "splits": {"train": {"clips": "a.csv"}},
                           "features": {"video": "v.npz", "audio": "a.npz"}}},
        "runs": {"r": {"dataset": "d", **run, "network": {
            "video_encoder": "frozen", "audio_encoder": "frozen", "clusters": 20, "dims": 16,
            "heads": 2, "preparation": "l2_pca"} | run.pop("network", {})}},  # type: ignore[operator]
    })  # fmt: skip
    return Workload(config, {("d", "train"): clips}, {}, {}, rate, RateCache())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_the_prediction_is_near_what_clustering_takes() -> None:
    (cost,) = cluster_features_costs(workload(3000, method="spectral"))
    rows = np.random.default_rng(0).standard_normal((3000, 32), np.float32)
    started = cpu_seconds()
    cluster("spectral", rows, 20, [0, 1])
    taken = cpu_seconds() - started
    assert (cost.what, cost.stage) == ("r", "cluster-features")
    assert taken / 5 < 3600 * cost.cpu_hours < 5 * taken


def test_clips_of_a_run_without_a_network_are_placed_too() -> None:
    (cost,) = map_costs(workload(3000, method="spectral"))
    assert (cost.what, cost.stage) == ("r", "map")
    assert 3600 * cost.cpu_hours == pytest.approx(umap_seconds(3000)) and umap_seconds(3000) > 10


def test_candidates_cost_more_than_one_method() -> None:
    one, all_methods, levels = (
        next(iter(cluster_features_costs(workload(3000, **changes)))).cpu_hours
        for changes in (
            {"method": "kmeans"},
            {"method": "auto"},
            {"method": "auto", "network": {"clusters": [10, 20]}},
        )
    )
    assert one < all_methods < levels


def test_the_choice_of_the_preparation_counts_in_a_training() -> None:
    def known(index: Path | None, run: object) -> ClipRate:
        """A rate that no other work disturbs: two measured ones differ by more than the choice."""
        return ClipRate(Seconds(1e-3, 1e-3), Seconds(1e-4, 1e-4), parameters=1, features=1)

    auto, given = (
        next(iter(pretrain_costs(workload(3000, known, network={"preparation": kind})))).cpu_hours
        for kind in ("auto", "l2_pca")
    )
    rate = MethodTimes(RateCache(), 32)("kmeans", 2000, 20)
    assert 3600 * (auto - given) == pytest.approx(2 * 2.4 * 1.5 * rate)
