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
        `nmi`, the mean NMI with them, of the clips that have the modality. `chance`: if there are
        such heads, the share of them that would agree with the selected view's cluster of a clip if
        clusters of these sizes were random.
    """
    heads = []
    for modality in dict.fromkeys(view.modality for view in views):
        places = [place for place, view in enumerate(views) if view.modality == modality]
        counts = [views[place].clusters for place in places]
        labels = np.stack([views[place].assigned for place in places], 1)
        labels = labels[(labels >= 0).all(1)]
        if not len(labels):
            continue
        for place, count, nmi in zip(places, counts, agreement(labels, counts), strict=True):
            if counts.count(count) > 1:
                heads.append({"view": place, "nmi": round(float(nmi), 4)})
    random = np.random.default_rng(0)
    mixed = [replace(view, assigned=random.permutation(view.assigned)) for view in views]
    shares = agreement_of_heads(mixed, selected)
    chance = {} if shares is None else {"chance": round(float(shares.mean() / 255), 4)}
    return {"heads": heads} | chance
