"""Numba loops that sum over rows of the stored kernel: column marginals, Gram matrix, labels.

They share one file because numba reuses machine code from its disk cache until the file of the
calling loop changes, even if a loop that it calls has changed.

Each entry of a row of q = N Q, a probability, is rounded to an integer number of units before it is
added: see exact_sums.py. Common arguments: `kernel` (n, K) float32, the dense rows; or `starts`
(n + 1,) int64, `columns` int32 and `values` float32, the sparse rows; `factors` (K,) float32,
exp(shift); `first` and `last`, the rows to sum; `row_offset`, the number of the rank's first row
among the rows of all ranks.
"""

import numpy as np
import torch

from selavi.compiled import compiled

UNITS = {torch.float32: 2.0**24, torch.float64: 2.0**34}
"""Units per clip, for marginals; int64 has room for 2 ** 39 clips in float32, 2 ** 29 in
float64."""
COARSE = 2.0**16
"""Units per clip, for products of two entries: int64 has room for 2 ** 31 clips."""
LARGE = 2**10
"""An entry of this many coarse units or more is large: at most 64 per row."""
PAIRS = 256
"""Mean number of pairs of small entries that are summed per row. Rows with more are sampled, one in
a power of two, and weighted by it: a Newton step may be approximate, marginals are exact."""


@compiled
def scale_row(entries: np.ndarray, factors: np.ndarray, row: np.ndarray) -> np.float32:
    """Write entries * factors, (K,) float32, into `row`; return their sum."""
    total = np.float32(0)
    for k in range(len(row)):
        row[k] = entries[k] * factors[k]
        total += row[k]
    return total


@compiled
def dense_marginals(kernel: np.ndarray, factors: np.ndarray, first: int, last: int) -> np.ndarray:
    """Column sums of q, in units: (K,) int64."""
    clusters = kernel.shape[1]
    units = np.zeros(clusters, np.int64)
    subtotal = np.zeros(clusters, np.int32)  # over 64 rows: at most 2 ** 30
    row = np.empty(clusters, np.float32)
    half = np.float32(0.5)
    for n in range(first, last):
        scale = np.float32(2.0**24) / scale_row(kernel[n], factors, row)
        for k in range(clusters):
            subtotal[k] += np.int32(row[k] * scale + half)
        if (n - first) % 64 == 63 or n == last - 1:
            for k in range(clusters):
                units[k] += subtotal[k]
                subtotal[k] = 0
    return units


@compiled
def dense_labels(kernel: np.ndarray, factors: np.ndarray, first: int, last: int) -> np.ndarray:
    """Column of the largest entry of each row, the first of equals: (last - first,) int64."""
    clusters = kernel.shape[1]
    labels = np.empty(last - first, np.int64)
    row = np.empty(clusters, np.float32)
    for n in range(first, last):
        top = np.float32(0)
        for k in range(clusters):
            row[k] = kernel[n, k] * factors[k]
            top = max(top, row[k])
        label = np.int32(clusters)
        for k in range(clusters):
            label = min(label, np.int32(k) if row[k] == top else np.int32(clusters))
        labels[n - first] = label
    return labels


@compiled
def dense_gram(
    kernel: np.ndarray, factors: np.ndarray, row_offset: int, first: int, last: int
) -> np.ndarray:
    """Sum over rows of q[i] * q[j], in coarse units: (K, K) int64, see `add_outer_product`."""
    clusters = kernel.shape[1]
    units = np.zeros((clusters, clusters), np.int64)
    row = np.empty(clusters, np.float32)
    column = np.empty(clusters, np.int64)
    entry = np.empty(clusters, np.int64)
    half = np.float32(0.5)
    for n in range(first, last):
        scale = np.float32(2.0**16) / scale_row(kernel[n], factors, row)
        used = 0
        for k in range(clusters):
            whole = np.int64(row[k] * scale + half)
            if whole > 0:
                column[used] = k
                entry[used] = whole
                used += 1
        add_outer_product(entry, column, used, row_offset + n, units)
    return units


@compiled
def truncated_marginals(
    starts: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    factors: np.ndarray,
    first: int,
    last: int,
) -> np.ndarray:
    """Column sums of q, in units: (K,) int64."""
    units = np.zeros(len(factors), np.int64)
    for n in range(first, last):
        total = np.float32(0)
        for i in range(starts[n], starts[n + 1]):
            total += values[i] * factors[columns[i]]
        scale = np.float32(2.0**24) / total
        for i in range(starts[n], starts[n + 1]):
            k = columns[i]
            units[k] += np.int64(values[i] * factors[k] * scale + np.float32(0.5))
    return units


@compiled
def truncated_gram(
    starts: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    factors: np.ndarray,
    row_offset: int,
    first: int,
    last: int,
) -> np.ndarray:
    """Sum over rows of q[i] * q[j], in coarse units: (K, K) int64, see `add_outer_product`."""
    clusters = len(factors)
    units = np.zeros((clusters, clusters), np.int64)
    column = np.empty(clusters, np.int64)
    entry = np.empty(clusters, np.int64)
    for n in range(first, last):
        total = np.float32(0)
        for i in range(starts[n], starts[n + 1]):
            total += values[i] * factors[columns[i]]
        scale = np.float32(2.0**16) / total
        used = 0
        for i in range(starts[n], starts[n + 1]):
            whole = np.int64(values[i] * factors[columns[i]] * scale + np.float32(0.5))
            if whole > 0:
                column[used] = columns[i]
                entry[used] = whole
                used += 1
        add_outer_product(entry, column, used, row_offset + n, units)
    return units


@compiled
def add_outer_product(
    entries: np.ndarray, columns: np.ndarray, used: int, number: int, units: np.ndarray
) -> None:
    """Add q[i] * q[j] of one row, in coarse units, to `units`.

    A pair is added on one side of the diagonal, above or below. Pairs of small entries are sampled
    by the row's number, so that the sample does not depend on the number of ranks.

    Parameters
    ----------
    entries, columns : numpy.ndarray
        int64, of which the first `used` are the row's.
    used : int
        Entries of the row.
    number : int
        The row's number among the rows of all ranks.
    units : numpy.ndarray
        (K, K) int64, changed in place.
    """
    large = 0
    for i in range(used):
        units[columns[i], columns[i]] += entries[i] * entries[i]
        large += entries[i] >= LARGE
    small = used - large
    weight = 1
    while small * small > 2 * PAIRS * weight:
        weight *= 2
    sampled = number % weight == 0
    for i in range(used):
        if entries[i] >= LARGE:
            for j in range(used):
                if j > i or entries[j] < LARGE:
                    units[columns[i], columns[j]] += entries[i] * entries[j]
        elif sampled:
            for j in range(i + 1, used):
                if entries[j] < LARGE:
                    units[columns[i], columns[j]] += weight * entries[i] * entries[j]
