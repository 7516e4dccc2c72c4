"""Plots of a training run, as SVG."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.data.schema import read_index
from selavi.evaluation.scores import contingency_table, plain_scores
from selavi.files import UserError, atomic_path, read_csv

LOG_COLUMNS = (
    "epoch", "loss", "learning_rate", "clips_per_second", "relabellings", "labels_changed",
)  # fmt: skip
STYLE: Any = {  # matplotlib types the keys one by one
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.size": 10,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "selavi",
}


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
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(13, 6.4), layout="constrained")
        axes = figure.subplots(2, 3)
        _loss(axes[0, 0], log)
        _changes(axes[0, 1], log)
        _agreement(axes[0, 2], updates)
        _line(axes[1, 0], log, "learning_rate", "Learning rate", "tab:green")
        _line(axes[1, 1], log, "clips_per_second", "Clips per second", "tab:gray")
        _sizes(axes[1, 2], assigned, heads)
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})


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
        "before": ("with the previous labels", "tab:red"),
        "classes": ("with the classes", "black"),
    }
    for name, (label, colour) in lines.items():
        if name in updates:
            axes.plot(updates["epoch"], updates[name], color=colour, label=label)
            axes.legend(frameon=False)
    axes.set(title="NMI of the labels, mean over heads", xlabel="epoch", ylim=(0, 1.02))


def _line(axes: Axes, log: pd.DataFrame, column: str, title: str, colour: str) -> None:
    axes.plot(log["epoch"], log[column], color=colour)
    axes.set(title=title, xlabel="epoch", ylim=(0, None))


def _loss(axes: Axes, log: pd.DataFrame) -> None:
    names = [c for c in log.columns if c.startswith("loss_")]
    for name in names:
        axes.plot(log["epoch"], log[name], label=name.removeprefix("loss_"), alpha=0.8)
    axes.plot(log["epoch"], log["loss"], color="black", label="mean")
    axes.set(
        title="Cross-entropy to the current labels", xlabel="epoch", ylabel="nats", ylim=(0, None)
    )
    axes.legend(frameon=False)


def _changes(axes: Axes, log: pd.DataFrame) -> None:
    updates = log[log["relabellings"] > 0]
    axes.plot(updates["epoch"], 100 * updates["labels_changed"], color="tab:red")
    axes.set(title="Labels changed by an update", xlabel="epoch", ylabel="%", ylim=(0, None))


def _sizes(axes: Axes, assigned: pd.DataFrame, heads: list[str]) -> None:
    clusters = int(assigned[heads].to_numpy().max()) + 1
    for head in heads:
        counts = np.bincount(assigned.loc[assigned[head] >= 0, head], minlength=clusters)
        axes.plot(range(1, clusters + 1), np.sort(counts)[::-1], alpha=0.8, label=head)
    axes.set(title="Cluster sizes", xlabel="cluster, by size", ylabel="clips", ylim=(0, None))
    if len(heads) <= 6:
        axes.legend(frameon=False)
