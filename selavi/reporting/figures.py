"""Plots of a training run, as SVG."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from selavi.data.schema import read_index
from selavi.evaluation.scores import contingency_table, plain_scores
from selavi.files import UserError, read_csv
from selavi.reporting.style import (
    BLACK,
    BLUE,
    COLOURS,
    MANY,
    MODALITIES,
    VERMILION,
    count_along,
    draw_line,
    legend_above,
    new_figure,
)

NAMED = 4  # heads with a colour and a name each
LOG_COLUMNS = (
    "epoch", "loss", "learning_rate", "clips_per_second", "relabellings", "labels_changed",
)  # fmt: skip


def training_figure(
    history: Path,
    labels: Path,
    output: Path,
    epochs: Path | None = None,
    index: Path | None = None,
) -> None:
    """Plot loss, label changes, NMI, learning rate and speed by epoch, and the cluster sizes.

    Parameters
    ----------
    history : Path
        log.csv of a run.
    labels : Path
        labels.csv of the run.
    output : Path
        The SVG to write.
    epochs : Path, optional
        Folder epoch-labels of the run, for the NMI of successive labels.
    index : Path, optional
        Index of the training split, for the NMI of the labels with the classes, if it has any.

    Raises
    ------
    UserError
        If a file is missing or damaged.
    """
    log = read_csv(history, needed=LOG_COLUMNS)
    assigned = read_csv(labels, ("id", "key"), needed=("head0",))
    heads = [c for c in assigned.columns if c.startswith("head")]
    updates = label_history(epochs, index) if epochs else pd.DataFrame()
    with new_figure(output, 4.2) as figure:
        axes = figure.subplots(2, 3)
        _loss(axes[0, 0], log)
        _changes(axes[0, 1], log)
        _agreement(axes[0, 2], updates)
        _line(axes[1, 0], log, "learning_rate", "Learning rate")
        _line(axes[1, 1], log, "clips_per_second", "Speed", "clips per second")
        _sizes(axes[1, 2], assigned, heads)
        for panel in axes.ravel():
            count_along(panel.xaxis)
            legend_above(panel, handlelength=1, columnspacing=0.8)
        for panel in axes.ravel()[:-1]:
            panel.set_xlabel("epoch")


def label_history(epochs: Path, index: Path | None = None) -> pd.DataFrame:
    """NMI of the labels of each update with the previous ones and with the classes.

    Parameters
    ----------
    epochs : Path
        Folder epoch-labels of a run.
    index : Path, optional
        Index of the training split.

    Returns
    -------
    DataFrame
        One row per epoch with a label update: `epoch`; `before`, the NMI with the labels before
        it; `classes`, the NMI with the classes, if there are any. Both are means over heads,
        without the clips that lack a label or a class.

    Raises
    ------
    UserError
        If a file is damaged.
    """
    truth = None
    if index is not None:
        names = read_index(index)["label"]
        truth = pd.factorize(names.where(names != ""))[0] if (names != "").any() else None
    rows, before = [], None
    for path in sorted(epochs.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as content:
                labels = content["labels"].astype(np.int64)
        except Exception as error:  # numpy, zipfile and zlib raise many kinds for damaged files
            raise UserError(
                f"{path} is damaged ({error}); remove it to plot without that epoch"
            ) from None
        row = {"epoch": float(int(path.stem))}
        if before is not None:
            pairs = zip(before.T, labels.T, strict=True)
            row["before"] = float(np.mean([_nmi(a, b) for a, b in pairs]))
        if truth is not None:
            row["classes"] = float(np.mean([_nmi(truth, head) for head in labels.T]))
        rows.append(row)
        before = labels
    return pd.DataFrame(rows)


def _nmi(one: np.ndarray, other: np.ndarray) -> float:
    known = (one >= 0) & (other >= 0)
    return plain_scores(contingency_table(one[known], other[known]))["nmi"] if known.any() else 0.0


def _agreement(axes: Axes, updates: pd.DataFrame) -> None:
    lines = {
        "before": ("with previous", VERMILION),
        "classes": ("with classes", BLACK),
    }
    axes.set(title="Agreement of the labels", ylabel="NMI, mean over heads", ylim=(0, 1.02))
    for name, (label, colour) in lines.items():
        if name in updates and updates[name].notna().any():
            draw_line(axes, updates["epoch"], updates[name], color=colour, label=label)


def _line(axes: Axes, log: pd.DataFrame, column: str, title: str, unit: str = "") -> None:
    draw_line(axes, log["epoch"], log[column], color=BLUE)
    axes.set(title=title, ylabel=unit or title.lower(), ylim=(0, None))


def _loss(axes: Axes, log: pd.DataFrame) -> None:
    names = [c for c in log.columns if c.startswith("loss_")]
    for name in names if len(names) > 1 else []:  # else it is the mean
        modality = name.removeprefix("loss_")
        draw_line(axes, log["epoch"], log[name], color=MODALITIES.get(modality), label=modality)
    draw_line(axes, log["epoch"], log["loss"], color=BLACK, label="mean" if names[1:] else None)
    axes.set(title="Loss", ylabel="cross-entropy (nats)", ylim=(0, None))


def _changes(axes: Axes, log: pd.DataFrame) -> None:
    updates = log[log["relabellings"] > 0]
    draw_line(axes, updates["epoch"], 100 * updates["labels_changed"], color=VERMILION)
    axes.set(title="Label updates", ylabel="labels changed (%)", ylim=(0, None))


def _sizes(axes: Axes, assigned: pd.DataFrame, heads: list[str]) -> None:
    few = len(heads) <= NAMED
    labels = ["head 0", *map(str, range(1, len(heads)))] if few else [f"{len(heads)} heads"]
    for number, head in enumerate(heads):
        counts = np.bincount(assigned.loc[assigned[head] >= 0, head])
        axes.plot(
            np.arange(1, len(counts) + 1), np.sort(counts)[::-1], ".",
            markersize=4 if len(counts) <= MANY else 2, alpha=0.8 if few else 0.4,
            color=COLOURS[number] if few else BLUE,
            label=labels[number] if number < len(labels) else None,
        )  # fmt: skip
    axes.set(title="Cluster sizes", ylabel="clips", ylim=(0, None))
    axes.set_xlabel("rank by size (1: the largest)")
    count_along(axes.xaxis)
    count_along(axes.yaxis)
