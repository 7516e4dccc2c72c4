"""How far trainings with other seeds agree on the clusters of a page: known without classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from selavi.data.schema import number_of_clusters, read_views
from selavi.files import UserError
from selavi.reporting.explorer.views import View, agreeing


def agreement_of_seeds(view: View, ids: pd.Series, files: Sequence[Path]) -> dict[str, Any]:
    """Compare the selected clusters with those of other trainings on the same clips.

    Parameters
    ----------
    view : View
        The clusters of N clips.
    ids : Series
        Their ids.
    files : sequence of Path
        Assignments of the same split by runs with other seeds.

    Returns
    -------
    dict
        Nothing without files. Otherwise `seeds`: the number of `clusters` of each training; the
        `share` of clips that they put into the same cluster, after matching their clusters to the
        view's (Hungarian method), mean of the trainings; the `lowest` of them; and `chance`, the
        mean share if clusters of these sizes were random. Clips that a training could not read
        differ.

    Raises
    ------
    UserError
        If a file is missing or invalid, or has none of the clips.
    """
    shares, chances, counts = [], [], []
    random = np.random.default_rng(0)
    for file in files:
        table = read_views(file, needed=("sample", "id", "cluster"))
        table = table[table["cluster"] >= 0]
        found = table.drop_duplicates("id").set_index("id")["cluster"].reindex(ids)
        known = found.notna().to_numpy()
        if not known.any():
            raise UserError(
                f"{file} has none of the {len(ids)} clips; give the same split's assignments"
            )
        count = number_of_clusters(table)
        counts.append(count)
        ours, theirs = view.assigned[known], found[known].to_numpy(np.int64)
        same = agreeing(theirs, ours, count, view.clusters)
        mixed = agreeing(random.permutation(theirs), ours, count, view.clusters)
        shares.append(same.sum() / len(ids))
        chances.append(mixed.sum() / len(ids))
    if not shares:
        return {}
    return {
        "seeds": {
            "clusters": counts,
            "share": round(float(np.mean(shares)), 4),
            "lowest": round(float(np.min(shares)), 4),
            "chance": round(float(np.mean(chances)), 4),
        }
    }
