"""Bootstrap confidence intervals: how a score varies with the sample of clips."""

import numpy as np

from selavi.evaluation.scores import matching_scores

LOWEST = {"nmi": 0.0, "ari": -1.0, "accuracy": 0.0}
NORMAL_95 = 1.959964


def bootstrap_intervals(
    table: np.ndarray, draws: int = 100, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95% confidence intervals of nmi, ari and accuracy, from one contingency table.

    Drawing N clips with replacement is drawing the table from a multinomial distribution. The
    repeated clips of a resampled table increase its mutual information, and percentiles would
    inherit this bias: the intervals are the score plus and minus 1.96 bootstrap standard
    deviations.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64, counts of clips by cluster and class.
    draws : int
        Resampled tables.
    seed : int
        Seed of the random generator.

    Returns
    -------
    dict of str to (float, float)
        By score: lower and upper bound, within [0, 1], or [-1, 1] for ari.
    """
    random = np.random.default_rng(seed)
    total = int(table.sum())
    nonzero = np.flatnonzero(table)
    probabilities = table.ravel()[nonzero] / total
    samples: dict[str, list[float]] = {name: [] for name in LOWEST}
    for _ in range(draws):
        resampled = np.zeros(table.size, dtype=np.int64)
        resampled[nonzero] = random.multinomial(total, probabilities)
        scores = matching_scores(resampled.reshape(table.shape))
        for name in LOWEST:
            samples[name].append(scores[name])
    centre = matching_scores(table)
    margins = {name: NORMAL_95 * float(np.std(values)) for name, values in samples.items()}
    return {
        name: (max(LOWEST[name], centre[name] - margin), min(1.0, centre[name] + margin))
        for name, margin in margins.items()
    }
