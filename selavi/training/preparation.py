"""Given features before a training: prepared, with their neighbours, and clustered by k-means."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from selavi.data.dataset import Clips
from selavi.data.features.gather import GivenFeatures
from selavi.data.features.views import FeatureViews
from selavi.engine.process_group import Group, all_sum
from selavi.files import UserError
from selavi.models.checkpoint import build_network
from selavi.models.head_selection import agreement
from selavi.models.network import Network
from selavi.models.preparation import PCA_KINDS, Preparation
from selavi.neighbours import nearest_others
from selavi.settings import RunSettings
from selavi.settings.training import FeatureViewSettings

log = logging.getLogger(__name__)

FITTED = 50_000
"""Clips that k-means is fitted to; the others get the cluster of the nearest centre."""
TRIED, STARTS = 10_000, 24
"""Clips that preparations are compared with, and starts of k-means of each, from fewer of which
chance would decide where they are close."""
TURN, SURE = 8, 5.0
"""Starts after which they are compared, and standard errors of the difference that end it."""


@dataclass(frozen=True)
class Prepared:
    """A run before its first step.

    Attributes
    ----------
    network : Network
        On the CPU, untrained; it takes given features as `clips` has them, prepared.
    clips : Clips
        Of the training split.
    """

    network: Network
    clips: Clips


def prepare(settings: RunSettings, clips: Clips, group: Group) -> Prepared:
    """Build the network of a run, and prepare given features.

    Parameters
    ----------
    settings : RunSettings
        Of the run.
    clips : Clips
        Of the training split. Rank 0 fits the preparation of their features and finds their
        neighbours, which are the same on all ranks.
    group : Group
        The process group.

    Returns
    -------
    Prepared
        Network and clips.

    Raises
    ------
    UserError
        If features cannot be prepared, or there are too few clips for neighbours.
    """
    usable = np.setdiff1d(np.arange(len(clips)), list(clips.rejected))
    resolved = _resolved(settings, clips, usable, group)
    sizes: dict[str, int] = {name: rows.shape[1] for name, rows in clips.features.items()}
    network = build_network(resolved, sizes)
    views = settings.feature_views
    given: dict[Any, GivenFeatures] = {}
    for modality, rows in clips.features.items():
        preparation = network.encoders[modality]
        assert isinstance(preparation, Preparation)
        if group.first:
            kind, dims = preparation.kind, settings.network.dims
            fitted = Preparation.fit(_some(rows, usable), kind, dims, settings.seed)
            preparation.load_state_dict(fitted.state_dict())
        for buffer in preparation.buffers():
            buffer.copy_(_of_first(buffer, group))
        prepared = preparation.transform(rows)
        preparation.applied = True
        given[modality] = GivenFeatures(prepared, clips.given[modality].rejected)
    ready = replace(clips, given=given)
    near = _neighbours_by_modality(ready, usable, views, group)
    draws = FeatureViews(near, views.dropout, views.noise)
    return Prepared(network, replace(ready, feature_views=draws))


def first_labels(settings: RunSettings, clips: Clips, group: Group) -> Tensor:
    """Cluster the concatenated features by k-means, once for each head, from another start.

    Parameters
    ----------
    settings : RunSettings
        Clusters, heads and seed.
    clips : Clips
        Of the training split, with prepared features of all modalities.
    group : Group
        The process group; rank 0 clusters.

    Returns
    -------
    Tensor
        (N, H) int64 on the group's device, the same on all ranks; -1 for rejected clips.
    """
    network = settings.network
    labels = torch.full((len(clips), len(network.cluster_counts)), -1)
    if group.first:
        usable = np.setdiff1d(np.arange(len(clips)), list(clips.rejected))
        joined = _joined(clips.features, usable)
        found = np.concatenate(
            [_kmeans(joined, k, network.heads, settings.seed) for k in network.levels()], 1
        )
        labels[torch.from_numpy(usable)] = torch.from_numpy(found).long()
    return _of_first(labels, group)


def _resolved(settings: RunSettings, clips: Clips, usable: np.ndarray, group: Group) -> RunSettings:
    """The settings with a preparation in place of auto."""
    if settings.network.preparation != "auto" or not clips.features:
        return settings
    chosen = torch.zeros((), dtype=torch.int64)
    if group.first:
        chosen += _most_stable(settings, clips, usable)
    kind = PCA_KINDS[int(_of_first(chosen, group))]
    network = settings.network.model_copy(update={"preparation": kind})
    return settings.model_copy(update={"network": network})


def _most_stable(settings: RunSettings, clips: Clips, usable: np.ndarray) -> int:
    """The place in PCA_KINDS of the preparation with which k-means agrees best with itself.

    By the mean NMI of its starts, on some clips.
    """
    random = np.random.default_rng(settings.seed)
    some = np.sort(random.choice(usable, min(TRIED, len(usable)), replace=False))
    levels = [min(clusters, len(some)) for clusters in settings.network.levels()]
    rows, labels = [], []
    for kind in PCA_KINDS:
        prepared = {}
        for name, features in clips.features.items():
            own = _some(features, some)
            prepared[name] = Preparation.fit(own, kind, settings.network.dims).transform(own)
        rows.append(_joined(prepared, np.arange(len(some))))
        labels.append([np.empty((len(some), 0), int) for _ in levels])
    for starts in range(TURN, STARTS + 1, TURN):
        for joined, by_level in zip(rows, labels, strict=True):
            for level, clusters in enumerate(levels):
                done = by_level[level].shape[1]
                new = _kmeans(joined, clusters, starts, settings.seed, done)
                by_level[level] = np.concatenate([by_level[level], new], 1)
        scores = np.array(
            [np.mean([agreement(found) for found in by_level], 0) for by_level in labels]
        )
        error = np.sqrt((scores.var(1, ddof=1) / starts).sum())
        if abs(scores[0].mean() - scores[1].mean()) > SURE * error:
            break
    best = int(scores.mean(1).argmax())
    words = ", ".join(f"{k} {s:.3f}" for k, s in zip(PCA_KINDS, scores.mean(1), strict=True))
    log.info(
        "preparation %s: k-means agrees best with itself (mean NMI of %d starts: %s)",
        PCA_KINDS[best], starts, words,
    )  # fmt: skip
    return best


def _some(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen rows; all of them without a copy, as they may be memory-mapped."""
    return rows if len(chosen) == len(rows) else rows[chosen]


def _joined(features: Mapping[Any, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    return np.concatenate([rows[chosen] for rows in features.values()], 1)


def _kmeans(rows: np.ndarray, clusters: int, starts: int, seed: int, done: int = 0) -> np.ndarray:
    """(n, starts - done) int, k-means from one start each; the first `done` are left out."""
    random = np.random.default_rng(seed)
    fitted = rows
    if len(rows) > FITTED:
        fitted = rows[np.sort(random.choice(len(rows), FITTED, replace=False))]
    seeds = random.integers(2**31, size=starts).tolist()[done:]
    return np.stack(
        [KMeans(clusters, n_init=1, random_state=one).fit(fitted).predict(rows) for one in seeds], 1
    )


def _neighbours_by_modality(
    clips: Clips, usable: np.ndarray, views: FeatureViewSettings, group: Group
) -> dict[str, np.ndarray]:
    """By modality: (N, n) int32, the nearest other clips; empty without views or given features."""
    if not (views.neighbours and clips.features):
        return {}
    if views.nearest == "each":
        return {
            modality: _neighbours(rows, usable, views.neighbours, group)
            for modality, rows in clips.features.items()
        }
    joined = _joined(clips.features, np.arange(len(clips)))
    return dict.fromkeys(clips.features, _neighbours(joined, usable, views.neighbours, group))


def _neighbours(rows: np.ndarray, usable: np.ndarray, count: int, group: Group) -> np.ndarray:
    """(N, count) int32, the nearest usable clips; of one that is not usable, itself."""
    if count >= len(usable):
        raise UserError(
            f"feature_views.neighbours = {count}, and there are {len(usable)} clips; a clip needs "
            "that many others"
        )
    found = np.repeat(np.arange(len(rows))[:, None], count, 1)
    if group.first:
        near = nearest_others(torch.from_numpy(_some(rows, usable)).to(group.device), count)
        found[usable] = usable[near.cpu().numpy()]
    return _of_first(torch.from_numpy(found), group).cpu().numpy().astype(np.int32)


def _of_first(tensor: Tensor, group: Group) -> Tensor:
    """The tensor that rank 0 has, on all ranks."""
    own = tensor if group.first else torch.zeros_like(tensor)
    return all_sum(own.to(group.device))
