"""What scores random clusters of the same sizes get, and scores corrected for that.

Plain scores depend on the number of clips: with 28 clusters of equal size and 28 such classes, the
NMI of chance is 0.29 for 402 clips and 0.035 for 3,312.
"""

import numpy as np
from scipy.stats import random_table

from selavi.evaluation.scores import chance_nmi, hungarian_accuracy


def chance_scores(table: np.ndarray, draws: int = 10, seed: int = 0) -> dict[str, float]:
    """Scores of random clusters, of the same sizes, of the same clips.

    AMI and ARI, corrected for chance by definition, are 0 on average for them.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts, without empty rows and columns.
    draws : int
        Random tables with the same sums of rows and columns, for the accuracy.
    seed : int
        Seed of the random generator.

    Returns
    -------
    dict of str to float
        `nmi_chance`: expected mutual information over the mean entropy, by formula.
        `accuracy_chance`: mean over the draws. `accuracy_adjusted`: the accuracy of `table`, scaled
        so that it is 0 for chance and 1 if all clips are right.

    Examples
    --------
    >>> scores = chance_scores(np.diag([50, 50]))
    >>> round(scores["nmi_chance"], 3), scores["accuracy_adjusted"]
    (0.007, 1.0)
    """
    accuracy = chance = hungarian_accuracy(table)
    if min(table.shape) > 1:  # else there is only one table of these sums
        of_sizes = random_table(table.sum(1), table.sum(0))
        generator = np.random.default_rng(seed)
        drawn = [hungarian_accuracy(of_sizes.rvs(random_state=generator)) for _ in range(draws)]
        chance = float(np.mean(drawn))
    return {
        "nmi_chance": chance_nmi(table),
        "accuracy_chance": chance,
        "accuracy_adjusted": (accuracy - chance) / (1 - chance) if chance < 1 else 1.0,
    }
