"""How far the heads of a page agree, and video with audio: known without classes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from selavi.models.head_selection import agreement
from selavi.reporting.explorer.views import View, agreement_of_heads


def agreements(views: Sequence[View], selected: int) -> dict[str, Any]:
    """Compare the views of N clips with each other.

    Parameters
    ----------
    views : sequence of View
        Of each modality by each head.
    selected : int
        Position of the view to show first.

    Returns
    -------
    dict
        `heads`: for each view that shares its modality and K with others, its position, `view`, and
        `nmi`, the mean NMI with them. `chance`: what random clusters of these sizes would have, of
        the selected view: `heads`, the share of other heads that agree with a clip's cluster, and
        `modalities`, the share of clips with the same cluster by video and by audio; absent where
        there is nothing to compare.
    """
    heads = []
    for modality in dict.fromkeys(view.modality for view in views):
        places = [place for place, view in enumerate(views) if view.modality == modality]
        counts = [views[place].clusters for place in places]
        labels = np.stack([views[place].assigned for place in places], 1)
        for place, count, nmi in zip(places, counts, agreement(labels, counts), strict=True):
            if counts.count(count) > 1:
                heads.append({"view": place, "nmi": round(float(nmi), 4)})
    return {"heads": heads, "chance": _chance(views, selected)}


def _chance(views: Sequence[View], selected: int) -> dict[str, float]:
    """The same measures as the page shows, of the same clusters in random order."""
    random = np.random.default_rng(0)
    mixed = [replace(view, assigned=random.permutation(view.assigned)) for view in views]
    chance = {}
    heads = agreement_of_heads(mixed, selected)
    if heads is not None:
        chance["heads"] = round(float(heads.mean() / 255), 4)
    head = views[selected].head
    own = {view.modality: view.assigned for view in mixed if view.head == head}
    if {"video", "audio"} <= own.keys():
        chance["modalities"] = round(float((own["video"] == own["audio"]).mean()), 4)
    return chance
