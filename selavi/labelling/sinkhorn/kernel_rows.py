"""Numba loops that exponentiate rows of the log kernel: whole rows, or the entries that count."""

import numpy as np

from selavi.compiled import compiled

RANGE = 17.4
"""Entries below e ** -RANGE of their row's largest, a little under 2 ** -25, are negligible: they
round to no unit."""

LOWEST = -1e6
"""Replaces minus infinity in a log kernel: potentials can be added to it in float32."""

SparseRows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@compiled
def exp_rows(block: np.ndarray, offset: np.ndarray, out: np.ndarray, first: int, last: int) -> None:
    """Write exp(block + offset), each row divided by its largest entry, into `out`.

    e ** x = 2 ** whole * 2 ** rest with |rest| <= 1/2; 2 ** rest by its Taylor series (error 2e-7).

    Parameters
    ----------
    block : numpy.ndarray
        (n, K) float32, rows of the log kernel.
    offset : numpy.ndarray
        (K,) float32, log_alpha.
    out : numpy.ndarray
        (n, K) float32.
    first, last : int
        Rows to compute.
    """
    clusters = block.shape[1]
    row = np.empty(clusters, np.float32)
    bits = np.empty(clusters, np.int32)
    power = bits.view(np.float32)
    for n in range(first, last):
        top = np.float32(-3e38)
        for k in range(clusters):
            row[k] = max(block[n, k], np.float32(LOWEST)) + offset[k]
            top = max(top, row[k])
        for k in range(clusters):
            x = max((row[k] - top) * np.float32(1.4426950408889634), np.float32(-126))
            whole = np.int32(x - np.float32(0.5))  # rounds to nearest, since x <= 0
            y = (x - np.float32(whole)) * np.float32(0.6931471805599453)
            bits[k] = (whole + np.int32(127)) << np.int32(23)
            series = np.float32(1 / 120) + y * np.float32(1 / 720)
            series = np.float32(1 / 6) + y * (np.float32(1 / 24) + y * series)
            row[k] = np.float32(1) + y * (np.float32(1) + y * (np.float32(0.5) + y * series))
        for k in range(clusters):
            out[n, k] = row[k] * power[k]


@compiled
def truncate_rows(
    block: np.ndarray,
    offset: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    first: int,
    last: int,
) -> SparseRows:
    """Entries of exp(block + offset) that are not negligible, each over its row's largest.

    Parameters
    ----------
    block : numpy.ndarray
        (n, K) float32, rows of the log kernel.
    offset : numpy.ndarray
        (K,) float32, log_alpha.
    columns, values : numpy.ndarray
        (n * K,) int32 and float32, buffers for the result.
    first, last : int
        Rows to compute.

    Returns
    -------
    lengths : numpy.ndarray
        (last - first,) int64, entries per row.
    columns, values : numpy.ndarray
        (entries,) int32 and float32, views of the buffers.
    labels : numpy.ndarray
        (last - first,) int64, column of each row's largest entry, the first of equals.
    units : numpy.ndarray
        (K,) int64, column sums of q, in units.
    """
    clusters = block.shape[1]
    lengths = np.zeros(last - first, np.int64)
    labels = np.zeros(last - first, np.int64)
    units = np.zeros(clusters, np.int64)
    row = np.empty(clusters, np.float32)
    # Column k belongs to lane k % 64: lanes whose maximum is negligible are skipped.
    peaks = np.empty(64, np.float32)
    whole = clusters - clusters % 64
    begin = first * clusters
    used = begin
    for n in range(first, last):
        top = np.float32(-3e38)
        for j in range(64):
            peaks[j] = top
        for start in range(0, whole, 64):
            for j in range(64):
                k = start + j
                row[k] = max(block[n, k], np.float32(LOWEST)) + offset[k]
                peaks[j] = max(peaks[j], row[k])
        for k in range(whole, clusters):
            row[k] = max(block[n, k], np.float32(LOWEST)) + offset[k]
            peaks[k - whole] = max(peaks[k - whole], row[k])
        for j in range(64):
            top = max(top, peaks[j])
        before = used
        least = top - np.float32(RANGE)
        for j in range(64):
            if peaks[j] >= least:
                for k in range(j, clusters, 64):
                    if row[k] >= least:
                        columns[used] = k
                        values[used] = row[k] - top
                        used += 1
        total = np.float32(0)
        label = clusters
        for i in range(before, used):
            if values[i] == 0:
                label = min(label, columns[i])
            values[i] = np.exp(values[i])
            total += values[i]
        scale = np.float32(2.0**24) / total
        for i in range(before, used):
            units[columns[i]] += np.int64(values[i] * scale + np.float32(0.5))
        lengths[n - first] = used - before
        labels[n - first] = label
    return lengths, columns[begin:used], values[begin:used], labels, units
