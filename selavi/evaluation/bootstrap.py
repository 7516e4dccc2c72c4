"""How much a score would move with another sample of clips."""

import numpy as np

from selavi.evaluation.scores import matching_scores

LOWEST = {"nmi": 0.0, "ari": -1.0, "accuracy": 0.0}
NORMAL_95 = 1.959964


def bootstrap_intervals(
    table: np.ndarray, draws: int = 100, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95% confidence intervals of nmi, ari and accuracy, from one contingency table.

    Drawing N clips with replacement is drawing the table's cells from a multinomial of their
    shares, so that no clip is touched again. A resampled table holds repeated clips and so has
    more mutual information than the sample it came from; percentiles would inherit that shift.
    The intervals are therefore the score plus and minus 1.96 bootstrap standard deviations.

    Parameters
    ----------
    table : (K, C) counts. draws : resampled tables. seed : of the draws.

    Returns
    -------
    Score -> (low, high), within [0, 1], or [-1, 1] for ari.
    """
    random = np.random.default_rng(seed)
    total = int(table.sum())
    filled = np.flatnonzero(table)
    shares = table.ravel()[filled] / total
    found: dict[str, list[float]] = {name: [] for name in LOWEST}
    for _ in range(draws):
        drawn = np.zeros(table.size, dtype=np.int64)
        drawn[filled] = random.multinomial(total, shares)
        scores = matching_scores(drawn.reshape(table.shape))
        for name in LOWEST:
            found[name].append(scores[name])
    centre = matching_scores(table)
    margins = {name: NORMAL_95 * float(np.std(values)) for name, values in found.items()}
    return {
        name: (max(LOWEST[name], centre[name] - margin), min(1.0, centre[name] + margin))
        for name, margin in margins.items()
    }
