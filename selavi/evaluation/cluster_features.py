"""The stage cluster_features: cluster given features by a method that trains nothing."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.clustering.fitted import Fitted, Rows, fit, prepare, read_clustering
from selavi.clustering.stability import AUTO, Candidate, choose
from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import Clips, open_clips
from selavi.evaluation.assign import Prediction, write_assignments
from selavi.files import UserError, write_csv
from selavi.models.preparation import KINDS, PCA_KINDS, PreparationKind
from selavi.settings import Modality, RunSettings

log = logging.getLogger(__name__)


def cluster_features(
    index: Path,
    settings: RunSettings,
    output: Path,
    candidates: Path,
    features: Mapping[Modality, Path],
) -> None:
    """Cluster the features of a split, and write the clustering and what it was chosen from.

    Parameters
    ----------
    index : Path
        Index of the training split.
    settings : RunSettings
        `method`, `seed`, and of the network `clusters`, `heads` (fits with other seeds),
        `preparation` and `dims`. With `method: auto` or `preparation: auto` there are several
        candidates, and the most stable one is taken, see `choose`.
    output : Path
        File of the clustering to write, clustering.pt.
    candidates : Path
        CSV to write: a row per candidate, the chosen one first.
    features : mapping of str to Path
        Files of features by modality, see `open_clips`.

    Raises
    ------
    UserError
        If the features cannot be read, too many clips lack them, or no method suits them.
    """
    if settings.method == "selavi":
        raise UserError("method: selavi trains a network; use `selavi pretrain`")
    clips = open_clips(index, settings, features=features)
    whole = whole_clips(CorruptClips(clips))
    rows = features_of(clips, whole)
    dims, seed = settings.network.dims, settings.seed
    chosen = _choose(settings, rows)
    write_csv(candidates, pd.DataFrame([asdict(candidate) for candidate in chosen]))
    best = chosen[0]
    seeds = [seed + head for head in range(settings.network.heads)]
    ids = clips.index["id"].to_numpy()[whole]
    fitted = fit(best.method, rows, ids, best.preparation, dims, best.clusters, seeds)
    fitted.save(output, settings)
    log.info(
        "%s: %d clips in %d clusters by %s with %s; selected head %d of %d", output, len(whole),
        len(np.unique(fitted.labels[:, fitted.head])), best.method, best.preparation, fitted.head,
        fitted.labels.shape[1],
    )  # fmt: skip


def assign_by_clustering(
    clustering: Path, index: Path, csv: Path, pickle: Path, features: Mapping[Modality, Path]
) -> None:
    """Write the cluster that a clustering gives to every clip of a split, as `assign` does.

    Parameters
    ----------
    clustering : Path
        File of `cluster_features`.
    index : Path
        Index of the split.
    csv, pickle : Path
        Files to write.
    features : mapping of str to Path
        Files of features by modality, see `open_clips`.

    Raises
    ------
    UserError
        As `read_clustering`, `open_clips` and `predictions_of`.
    """
    fitted, settings = read_clustering(clustering)
    corrupt = CorruptClips(open_clips(index, settings, features=features))
    predictions = predictions_of(fitted, corrupt)
    counts = [fitted.clusters] * fitted.labels.shape[1]
    write_assignments(corrupt, predictions, fitted.head, counts, csv, pickle)


def predictions_of(fitted: Fitted, corrupt: CorruptClips) -> dict[str, Prediction]:
    """The clusters that a clustering gives to the clips of a split.

    Parameters
    ----------
    fitted : Fitted
        The clustering.
    corrupt : CorruptClips
        Of the split's clips; those without features are added.

    Returns
    -------
    dict of str to Prediction
        By modality; with two modalities, "video+audio" comes first. See `Fitted.predict`.

    Raises
    ------
    UserError
        If too many clips lack features, or these have another size than the fitted ones.
    """
    clips, whole = corrupt.clips, whole_clips(corrupt)
    ids = clips.index["id"].to_numpy()[whole]
    result = {}
    for modality, votes in fitted.predict(features_of(clips, whole), ids).items():
        full = Prediction.unread(len(clips), votes.clusters.shape[1])
        full.clusters[whole] = votes.clusters
        full.confidences[whole] = votes.confidences
        full.margins[whole] = votes.margins
        full.second[whole] = votes.second
        result[modality] = full
    return result


def whole_clips(corrupt: CorruptClips) -> np.ndarray:
    """Numbers of the clips that have features, (n,) int64; the others are added to `corrupt`."""
    clips = corrupt.clips
    corrupt.add(clips.rejected)
    return np.setdiff1d(np.arange(len(clips)), list(clips.rejected))


def features_of(clips: Clips, samples: np.ndarray) -> Rows:
    """Features of some clips by modality; of all, as they are stored."""
    if len(samples) == len(clips):
        return {str(modality): rows for modality, rows in clips.features.items()}
    return {modality: rows[samples] for modality, rows in clips.features.items()}


def _choose(settings: RunSettings, features: Rows) -> list[Candidate]:
    """The candidates, the one to take first; a single one is not judged."""
    network = settings.network
    assert settings.method != "selavi"
    methods = AUTO if settings.method == "auto" else (settings.method,)
    kinds = tuple(kind for kind in KINDS if kind == network.preparation) or PCA_KINDS
    clusters = network.levels(len(next(iter(features.values()))))
    if len(methods) == len(kinds) == len(clusters) == 1:
        return [Candidate(methods[0], kinds[0], clusters[0], np.nan, 0, np.nan, np.nan, "")]

    def prepared(kind: PreparationKind) -> np.ndarray:
        _, rows = prepare(features, kind, network.dims, settings.seed)
        return np.concatenate(list(rows.values()), 1)

    return choose(methods, kinds, prepared, clusters, settings.seed)
