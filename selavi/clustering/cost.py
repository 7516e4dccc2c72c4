"""Predict what clustering given features costs: in the stage cluster-features, and before heads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter

from selavi.clustering.methods import ONE_START_ABOVE, STARTS, cluster
from selavi.clustering.stability import AUTO, LARGEST_PART, PARTS, SHARE
from selavi.estimates.cost import Cost
from selavi.estimates.timing import cpu_seconds
from selavi.estimates.workload import Workload
from selavi.models.preparation import PCA_KINDS
from selavi.rate_cache import RateCache
from selavi.settings import FeatureMethod, RunSettings

ROWS, CLUSTERS = 2000, 20  # of the features that are clustered to measure
STORED = 20  # bytes of a clip and head besides its features


SECONDS = TypeAdapter(float)


@dataclass(frozen=True)
class MethodTimes:
    """CPU seconds of clustering features, from those of few.

    Parameters
    ----------
    cache : RateCache
        Seconds of 2,000 random rows in 20 clusters, by method: each is measured once.
    width : int
        Numbers of a row.
    """

    cache: RateCache
    width: int

    def __call__(
        self, method: FeatureMethod, rows: int, clusters: int, starts: int = STARTS
    ) -> float:
        """Predict one fit: k-means grows with rows and clusters, neighbours with rows squared.

        Parameters
        ----------
        method : str
            See `cluster`.
        rows : int
            N.
        clusters : int
            K.
        starts : int
            Starts of k-means.

        Returns
        -------
        float
            CPU seconds.
        """
        share = rows / ROWS
        if method in ("ward", "hdbscan"):
            return self._measured(method) * share**2
        kmeans = self._measured("kmeans") * share * clusters / CLUSTERS * starts / STARTS
        if method == "kmeans":
            return kmeans
        return kmeans + max(0.0, self._measured(method) - self._measured("kmeans")) * share**2

    def _measured(self, method: FeatureMethod) -> float:
        def measure() -> float:
            rows = np.random.default_rng(0).standard_normal((ROWS, self.width), np.float32)
            started = cpu_seconds()
            cluster(method, rows, CLUSTERS, [0])
            return cpu_seconds() - started

        return self.cache.get(SECONDS, ("method", method, self.width), measure)


def cluster_features_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run of a method without a network, its fits and those of its candidates.

    Parameters
    ----------
    workload : Workload
        The configuration, with its clips.

    Yields
    ------
    Cost
        Of one run.
    """
    for name, run in workload.config.runs.items():
        if run.method == "selavi":
            continue
        clips, width = workload.clips(run.dataset, "train"), prepared_width(run)
        seconds_of = MethodTimes(workload.cache, width)
        methods: Sequence[FeatureMethod] = AUTO if run.method == "auto" else (run.method,)
        kinds = PCA_KINDS if run.network.preparation == "auto" else (run.network.preparation,)
        levels = run.network.levels(clips)
        starts = STARTS if clips <= ONE_START_ABOVE else 1
        seconds = max(_fits(m, run) * seconds_of(m, clips, levels[-1], starts) for m in methods)
        if len(methods) * len(kinds) * len(levels) > 1:
            part = min(LARGEST_PART, round(SHARE * clips))
            tried = sum(seconds_of(method, part, k) for method in methods for k in levels)
            seconds += PARTS * len(kinds) * tried
        heads = run.network.heads * len(run.modalities)
        stored = clips * (2 * width + heads * STORED)
        yield Cost(name, "cluster-features", seconds / 3600, 0.0, float(stored))


def _fits(method: FeatureMethod, run: RunSettings) -> int:
    """Fits of the chosen candidate: a method without a seed has one."""
    return 1 if method in ("ward", "hdbscan") else run.network.heads


def prepared_width(run: RunSettings) -> int:
    """Numbers of a clip's prepared features, at most."""
    return run.network.dims * len(run.frozen)
