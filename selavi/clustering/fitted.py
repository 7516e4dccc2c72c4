"""A clustering of a split's features, and the clusters that it gives to clips of any split.

Letters in shapes: N fitted clips, n clips to predict, H heads, K clusters, d prepared features.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.sparse import csr_matrix

from selavi.clustering.methods import cluster
from selavi.clustering.votes import Votes, vote
from selavi.config_file import parse
from selavi.files import UserError
from selavi.models.head_selection import agreement
from selavi.models.network import JOINED
from selavi.models.preparation import Preparation, PreparationKind
from selavi.settings import FeatureMethod, RunSettings
from selavi.tensor_files import read_tensors, save_tensors

FORMAT = "selavi-clustering-1"
MOST_VOTERS = 50_000
Rows = Mapping[str, np.ndarray]
"""By modality: features, row n of each is of the same clip."""


@dataclass(frozen=True)
class Fitted:
    """A clustering.

    Attributes
    ----------
    method : str
        See `cluster`.
    clusters : int
        K.
    head : int
        The selected head: the one that agrees best with the others.
    preparations : dict of str to Preparation
        By modality.
    labels : numpy.ndarray
        (N, H) int64, clusters of the fitted clips.
    ids : numpy.ndarray
        (N,) names of the clips in an index.
    voters : numpy.ndarray
        (M,) int64, in order: the fitted clips that vote, all or a random sample of 50,000.
    rows : dict of str to numpy.ndarray
        By modality: their prepared features, (M, d) float16.
    centres : dict of str to numpy.ndarray
        By modality: mean prepared features of each cluster, (H, K, d) float32; NaN of empty ones.
    """

    method: FeatureMethod
    clusters: int
    head: int
    preparations: dict[str, Preparation]
    labels: np.ndarray
    ids: np.ndarray
    voters: np.ndarray
    rows: dict[str, np.ndarray]
    centres: dict[str, np.ndarray]

    def predict(self, features: Rows, ids: np.ndarray) -> dict[str, Votes]:
        """Clusters of clips.

        Those of a fitted clip are its own. Another clip has with k-means the cluster of the nearest
        centre, with the other methods the one that most of its 10 nearest voters have. One
        modality's cluster is that of most of the 10 nearest by this modality alone. A confidence
        is the share of the 10 nearest, other than the clip itself, that have the cluster.

        Parameters
        ----------
        features : mapping of str to numpy.ndarray
            By modality: (n, D) float.
        ids : numpy.ndarray
            (n,) names of the clips in an index.

        Returns
        -------
        dict of str to Votes
            By modality; of two, "video+audio" comes first.

        Raises
        ------
        UserError
            If the features have another size than the fitted ones.
        """
        rows = self.prepared(features)
        own = pd.Index(self.ids).get_indexer(ids)
        given = np.where(own[:, None] >= 0, self.labels[own], -1)
        if self.method == "kmeans":
            given = np.where(given >= 0, given, self._nearest_centres(rows))
        labels = self.labels[self.voters]
        own = pd.Index(self.voters).get_indexer(own)
        voters = np.concatenate([self.rows[name] for name in rows], 1)
        votes = vote(np.concatenate(list(rows.values()), 1), voters, labels, own, given)
        if len(rows) == 1:
            return {next(iter(rows)): votes}
        return {JOINED: votes} | {
            name: vote(matrix, self.rows[name], labels, own) for name, matrix in rows.items()
        }

    def prepared(self, features: Rows) -> dict[str, np.ndarray]:
        """Features as they were clustered, by modality: (n, d) float32.

        Raises
        ------
        UserError
            As `predict`.
        """
        return {name: self._prepare(name, features[name]) for name in self.preparations}

    def _prepare(self, modality: str, features: np.ndarray) -> np.ndarray:
        preparation = self.preparations[modality]
        if features.shape[1] != len(preparation.mean):
            raise UserError(
                f"the {modality} features have {features.shape[1]} numbers per clip, and those "
                f"that were clustered {len(preparation.mean)}; make both with the same embedder"
            )
        return preparation.transform(features)

    def _nearest_centres(self, rows: dict[str, np.ndarray]) -> np.ndarray:
        """(n, H) int64."""
        result = []
        for head in range(self.labels.shape[1]):
            centres = {name: self.centres[name][head] for name in rows}
            parts = [(c**2).sum(1) - 2 * rows[name] @ c.T for name, c in centres.items()]
            result.append(np.nan_to_num(np.sum(parts, 0), nan=np.inf).argmin(1))
        return np.stack(result, 1)

    def save(self, path: Path, settings: RunSettings) -> None:
        """Write the clustering and the settings of its run to a file, atomically."""
        save_tensors(
            path,
            {
                "format": FORMAT,
                "settings": settings.model_dump(mode="json"),
                "method": self.method,
                "clusters": self.clusters,
                "head": self.head,
                "preparations": {
                    name: {"kind": p.kind, "inputs": len(p.mean), "dims": p.features}
                    | {"state": p.state_dict()}
                    for name, p in self.preparations.items()
                },
                "labels": torch.from_numpy(self.labels.astype(np.int32)),
                "ids": self.ids.tolist(),
                "voters": torch.from_numpy(self.voters),
                "rows": {name: torch.from_numpy(rows) for name, rows in self.rows.items()},
                "centres": {name: torch.from_numpy(c) for name, c in self.centres.items()},
            },
        )


def fit(
    method: FeatureMethod,
    features: Rows,
    ids: np.ndarray,
    kind: PreparationKind,
    dims: int,
    clusters: int,
    seeds: list[int],
) -> Fitted:
    """Cluster the prepared features of all modalities together.

    Parameters
    ----------
    method : str
        See `cluster`.
    features : mapping of str to numpy.ndarray
        By modality: (N, D) float, finite.
    ids : numpy.ndarray
        (N,) names of the clips in an index.
    kind : str
        See `Preparation`.
    dims : int
        See `Preparation`.
    clusters : int
        K.
    seeds : list of int
        A seed per head.

    Returns
    -------
    Fitted
        With one head, if the method has no seed.

    Raises
    ------
    UserError
        As `cluster` and `Preparation.fit`.
    """
    preparations, rows = prepare(features, kind, dims, seeds[0])
    labels = cluster(method, np.concatenate(list(rows.values()), 1), clusters, seeds)
    head = int(agreement(labels).argmax())
    voters = np.arange(len(labels))
    if len(labels) > MOST_VOTERS:
        drawn = np.random.default_rng(seeds[0]).choice(len(labels), MOST_VOTERS, replace=False)
        voters = np.sort(drawn)
    kept = {name: matrix[voters].astype(np.float16) for name, matrix in rows.items()}
    centres = {
        name: np.stack([_centres(matrix, of_head, clusters) for of_head in labels.T])
        for name, matrix in rows.items()
    }
    return Fitted(method, clusters, head, preparations, labels, ids, voters, kept, centres)


def _centres(rows: np.ndarray, labels: np.ndarray, clusters: int) -> np.ndarray:
    """Mean of the rows of each cluster: (K, d) float32."""
    sizes = np.bincount(labels, minlength=clusters)
    members = csr_matrix(
        (np.ones(len(rows)), (labels, np.arange(len(rows)))), (clusters, len(rows))
    )
    with np.errstate(invalid="ignore"):
        centres: np.ndarray = (members @ rows) / sizes[:, None]
    return centres.astype(np.float32)


def prepare(
    features: Rows, kind: PreparationKind, dims: int, seed: int
) -> tuple[dict[str, Preparation], dict[str, np.ndarray]]:
    """Fit a preparation to each modality, and apply it.

    Parameters
    ----------
    features : mapping of str to numpy.ndarray
        By modality: (N, D) float, finite.
    kind : str
        See `Preparation.fit`.
    dims : int
        See `Preparation.fit`.
    seed : int
        See `Preparation.fit`.

    Returns
    -------
    preparations : dict of str to Preparation
        By modality.
    rows : dict of str to numpy.ndarray
        By modality: (N, d) float32; each modality has a mean square of 1.
    """
    preparations = {
        name: Preparation.fit(matrix, kind, dims, seed) for name, matrix in features.items()
    }
    return preparations, {name: p.transform(features[name]) for name, p in preparations.items()}


def is_clustering(path: Path) -> bool:
    """Whether a file is a clustering, and no model: by its name, as a stage writes it."""
    return path.name == "clustering.pt"


def read_clustering(path: Path) -> tuple[Fitted, RunSettings]:
    """Read a file of `Fitted.save`, as it was given. Raises UserError if it is none or damaged."""
    content: Any = read_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(
            f"{path} is no clustering ({FORMAT}); make it again with `selavi cluster-features`"
        )
    preparations = {}
    for name, facts in content["preparations"].items():
        preparations[name] = Preparation(facts["kind"], facts["inputs"], facts["dims"])
        preparations[name].load_state_dict(facts["state"])
    settings = parse(content["settings"], RunSettings, f"settings in {path}")
    fitted = Fitted(
        content["method"],
        content["clusters"],
        content["head"],
        preparations,
        content["labels"].numpy().astype(np.int64),
        np.array(content["ids"], object),
        content["voters"].numpy(),
        {name: rows.numpy() for name, rows in content["rows"].items()},
        {name: centres.numpy() for name, centres in content["centres"].items()},
    )
    return fitted, settings
