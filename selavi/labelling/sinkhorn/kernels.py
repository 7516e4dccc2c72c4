"""The compiled loops over clips.

All that call each other stand in this file: machine code kept from an earlier call is renewed when
its own file changes, and only then.

A row's entries, probabilities, are rounded to a whole number of units before they are added up:
sums of integers do not depend on their order. The unit is so small that rounding moves a cluster's
mass by less than K * 2 ** -25 of the mean.
"""

import numpy as np
import torch

from selavi.compiled import compiled

UNITS = {torch.float32: 2.0**24, torch.float64: 2.0**34}
"""Units to a clip: 2 ** 29 clips of float64, or 2 ** 39 of float32, fit an int64."""
COARSE = 2.0**16
"""Units to a clip where two of its entries are multiplied: 2 ** 31 clips fit."""
LARGE = 2**10
"""Coarse units that make an entry a large one: at most 64 of a row."""
PAIRS = 256
"""Pairs of small entries looked at per row, on the average: of rows with more, one in so many is
looked at and counts for all. Newton's step needs no more; masses are exact."""
RANGE = 17.4
"""Entries below e ** -RANGE of their row's largest, a little under 2 ** -25, round to no unit."""

LOWEST = -1e6
"""Stands for minus infinity, and leaves room to add potentials in float32."""

Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@compiled
def dense_rows(
    block: np.ndarray, offset: np.ndarray, out: np.ndarray, first: int, last: int
) -> None:
    """exp(block + offset), each row over its largest entry, into `out`, for rows first to last.

    e ** x = 2 ** whole * 2 ** rest with |rest| <= 1/2, the second by its series (error 2e-7).
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
            whole = np.int32(x - np.float32(0.5))  # x is not positive: rounds to the nearest
            y = (x - np.float32(whole)) * np.float32(0.6931471805599453)
            bits[k] = (whole + np.int32(127)) << np.int32(23)
            series = np.float32(1 / 120) + y * np.float32(1 / 720)
            series = np.float32(1 / 6) + y * (np.float32(1 / 24) + y * series)
            row[k] = np.float32(1) + y * (np.float32(1) + y * (np.float32(0.5) + y * series))
        for k in range(clusters):
            out[n, k] = row[k] * power[k]


@compiled
def weigh(entries: np.ndarray, factors: np.ndarray, row: np.ndarray) -> np.float32:
    """Write entries * factors, (K,) float32, into `row`; return their sum."""
    total = np.float32(0)
    for k in range(len(row)):
        row[k] = entries[k] * factors[k]
        total += row[k]
    return total


@compiled
def dense_masses(kernel: np.ndarray, factors: np.ndarray, first: int, last: int) -> np.ndarray:
    """Units in each column of rows first to last: (K,) int64."""
    clusters = kernel.shape[1]
    units = np.zeros(clusters, np.int64)
    few = np.zeros(clusters, np.int32)  # of 64 rows: 2 ** 30 at most
    row = np.empty(clusters, np.float32)
    half = np.float32(0.5)
    for n in range(first, last):
        scale = np.float32(2.0**24) / weigh(kernel[n], factors, row)
        for k in range(clusters):
            few[k] += np.int32(row[k] * scale + half)
        if (n - first) % 64 == 63 or n == last - 1:
            for k in range(clusters):
                units[k] += few[k]
                few[k] = 0
    return units


@compiled
def dense_labels(kernel: np.ndarray, factors: np.ndarray, first: int, last: int) -> np.ndarray:
    """The largest entry of each of the rows first to last, the first of equals: int64."""
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
def dense_coupling(
    kernel: np.ndarray, factors: np.ndarray, origin: int, first: int, last: int
) -> np.ndarray:
    """Products of the entries of each of the rows first to last: (K, K) int64, each pair once."""
    clusters = kernel.shape[1]
    units = np.zeros((clusters, clusters), np.int64)
    row = np.empty(clusters, np.float32)
    column = np.empty(clusters, np.int64)
    entry = np.empty(clusters, np.int64)
    half = np.float32(0.5)
    for n in range(first, last):
        scale = np.float32(2.0**16) / weigh(kernel[n], factors, row)
        used = 0
        for k in range(clusters):
            whole = np.int64(row[k] * scale + half)
            if whole > 0:
                column[used] = k
                entry[used] = whole
                used += 1
        add_pairs(entry, column, used, origin + n, units)
    return units


@compiled
def keep(
    block: np.ndarray,
    offset: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    first: int,
    last: int,
) -> Part:
    """Entries of rows first to last that count, each over its row's largest.

    columns, values : room for an entry each of the block.

    Returns how many each row has, their columns and values (parts of the room), the rows' labels,
    and the units of mass in each column.
    """
    clusters = block.shape[1]
    lengths = np.zeros(last - first, np.int64)
    labels = np.zeros(last - first, np.int64)
    units = np.zeros(clusters, np.int64)
    row = np.empty(clusters, np.float32)
    # Column k belongs to lane k % 64: where a lane's peak is too low, its columns are passed over.
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


@compiled
def truncated_masses(
    starts: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    factors: np.ndarray,
    first: int,
    last: int,
) -> np.ndarray:
    """Units in each column of rows first to last: (K,) int64."""
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
def truncated_coupling(
    starts: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    factors: np.ndarray,
    origin: int,
    first: int,
    last: int,
) -> np.ndarray:
    """Products of the entries of each of the rows first to last: (K, K) int64, each pair once."""
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
        add_pairs(entry, column, used, origin + n, units)
    return units


@compiled
def add_pairs(
    entries: np.ndarray, columns: np.ndarray, used: int, number: int, units: np.ndarray
) -> None:
    """Add q[i] * q[j] of a row's first `used` entries, in coarse units, to (K, K) `units`.

    A pair is added once, above the diagonal or below.

    number : the row's place among all rows of all ranks.
    """
    large = 0
    for i in range(used):
        units[columns[i], columns[i]] += entries[i] * entries[i]
        large += entries[i] >= LARGE
    small = used - large
    weight = 1
    while small * small > 2 * PAIRS * weight:
        weight *= 2
    chosen = number % weight == 0
    for i in range(used):
        if entries[i] >= LARGE:
            for j in range(used):
                if j > i or entries[j] < LARGE:
                    units[columns[i], columns[j]] += entries[i] * entries[j]
        elif chosen:
            for j in range(i + 1, used):
                if entries[j] < LARGE:
                    units[columns[i], columns[j]] += weight * entries[i] * entries[j]


@compiled
def overlap(video: np.ndarray, audio: np.ndarray, first: int, last: int) -> np.ndarray:
    """Sum over rows n of min(video[n, i], audio[n, j]) for i from first to last.

    video, audio : (n, K) int32 units. Returns (last - first, K) int64.
    """
    rows, clusters = video.shape
    units = np.zeros((last - first, clusters), np.int64)
    few = np.zeros(clusters, np.int32)  # of 32 rows: 2 ** 29 at most
    for start in range(0, rows, 32):
        for i in range(first, last):
            for n in range(start, min(start + 32, rows)):
                here = video[n, i]
                for j in range(clusters):
                    there = audio[n, j]
                    few[j] += here if here < there else there
            for j in range(clusters):
                units[i - first, j] += few[j]
                few[j] = 0
    return units
