"""Figures of a training run, as SVG."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.files import atomic_path, read_csv

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


def training_figure(history: Path, labels: Path, output: Path) -> None:
    """Draw loss, label changes, learning rate and speed by epoch, and the final cluster sizes.

    history : log.csv of a run. labels : its labels.csv. output : the SVG to write.
    """
    log = read_csv(history)
    assigned = read_csv(labels, ("id", "key"))
    heads = [c for c in assigned.columns if c.startswith("head")]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 6.4), layout="constrained")
        axes = figure.subplots(2, 2)
        _loss(axes[0, 0], log)
        _changes(axes[0, 1], log)
        _rate(axes[1, 0], log)
        _sizes(axes[1, 1], assigned, heads)
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})


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
    renewed = log[log["relabellings"] > 0]
    axes.plot(renewed["epoch"], 100 * renewed["labels_changed"], color="tab:red")
    axes.set(title="Labels that change when renewed", xlabel="epoch", ylabel="%", ylim=(0, None))


def _rate(axes: Axes, log: pd.DataFrame) -> None:
    axes.plot(log["epoch"], log["learning_rate"], color="tab:green")
    axes.set(
        title="Learning rate and speed", xlabel="epoch", ylabel="learning rate", ylim=(0, None)
    )
    other = axes.twinx()
    other.plot(log["epoch"], log["clips_per_second"], color="tab:gray", alpha=0.6)
    other.set(ylabel="clips/s", ylim=(0, None))
    other.spines["right"].set_visible(True)
    other.grid(visible=False)


def _sizes(axes: Axes, assigned: pd.DataFrame, heads: list[str]) -> None:
    clusters = int(assigned[heads].to_numpy().max()) + 1
    for head in heads:
        counts = np.bincount(assigned.loc[assigned[head] >= 0, head], minlength=clusters)
        axes.plot(range(1, clusters + 1), np.sort(counts)[::-1], alpha=0.8, label=head)
    axes.set(title="Cluster sizes", xlabel="cluster, by size", ylabel="clips", ylim=(0, None))
    if len(heads) <= 6:
        axes.legend(frameon=False)
