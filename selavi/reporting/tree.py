"""The numbers of clusters of a run: their agreement, and the tree of their clusters."""

import logging
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selavi.evaluation.levels import labels_of, level_scores, read_levels, tree
from selavi.files import atomic_path, write_csv
from selavi.reporting.figures import STYLE

log = logging.getLogger(__name__)

SHOWN = 0.05  # the smallest share that has a line
NUMBERED = 40  # clusters of a level that have their numbers beside them


def make_tree(assignments: Path, output: Path, levels: Path, figure: Path) -> None:
    """Write how the clusters of each number of clusters fall into those of the next smaller one.

    Parameters
    ----------
    assignments : Path
        CSV of the stage assign, of a run with several numbers of clusters.
    output : Path
        CSV to write; see `tree`.
    levels : Path
        CSV to write; see `level_scores`.
    figure : Path
        SVG to write: agreement and NMI by number of clusters, and the tree.

    Raises
    ------
    UserError
        If the assignments cannot be read, or are of one number of clusters.
    """
    table, counts = read_levels(assignments)
    scores = level_scores(table, counts)
    branches = tree(labels_of(table)[:, scores["head"]], scores["clusters"].tolist())
    write_csv(levels, scores)
    write_csv(output, branches)
    chosen = scores.loc[scores["selected"], "clusters"].iloc[0]
    if scores["nmi"].notna().any():
        best = scores.iloc[int(scores["nmi"].argmax())]
        log.info(
            "selected %d clusters, without classes; by the classes (oracle) %d, mean NMI %.3f",
            chosen, best["clusters"], best["nmi"],
        )  # fmt: skip
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        drawing = Figure(figsize=(12, 5), layout="constrained")
        left, right = drawing.subplots(1, 2, width_ratios=(1, 2))
        _curve(left, scores)
        _draw(right, branches, scores["clusters"].tolist())
        with atomic_path(figure) as temporary:
            drawing.savefig(temporary, format="svg", metadata={"Date": None})


def _curve(axes: Axes, scores: pd.DataFrame) -> None:
    chosen = int(scores.loc[scores["selected"], "clusters"].iloc[0])
    axes.plot(scores["clusters"], scores["agreement"], "o-", color="tab:red", label="of two heads")
    axes.axvline(chosen, color="tab:red", alpha=0.5, label=f"selected: {chosen}")
    if scores["nmi"].notna().any():
        best = int(scores["clusters"].iloc[int(scores["nmi"].argmax())])
        axes.plot(scores["clusters"], scores["nmi"], "o-", color="black", label="NMI with classes")
        axes.axvline(best, color="black", linestyle=":", label=f"oracle, by classes: {best}")
    axes.set(title="Agreement (AMI) by number of clusters", xlabel="clusters", ylim=(0, 1.02))
    axes.set_xscale("log", base=2)
    axes.set_xticks(scores["clusters"], [str(k) for k in scores["clusters"]])
    axes.minorticks_off()
    axes.legend(frameon=False)


def _draw(axes: Axes, branches: pd.DataFrame, levels: list[int]) -> None:
    """Clusters as points, a column per level, each near its parents; lines as wide as shares."""
    places = {(levels[0], cluster): (cluster + 0.5) / levels[0] for cluster in range(levels[0])}
    for level, edges in ((k, branches[branches["level"] == k]) for k in levels[1:]):
        above = int(edges["parent_level"].iloc[0])
        weighted = edges["share"] * [places[above, parent] for parent in edges["parent"]]
        means = weighted.groupby(edges["child"]).sum().sort_values(kind="stable")
        for rank, child in enumerate(means.index):
            places[level, child] = (rank + 0.5) / len(means)
        shown = edges[edges["share"] >= SHOWN]
        columns = (shown[name].tolist() for name in ("parent", "child", "share"))
        for parent, child, share in zip(*columns, strict=True):
            axes.plot(
                [levels.index(above), levels.index(level)],
                [places[above, parent], places[level, child]],
                color="tab:blue", linewidth=3 * share, alpha=0.3 + 0.6 * share,
            )  # fmt: skip
    for (level, cluster), height in places.items():
        axes.plot(levels.index(level), height, "o", color="black", markersize=3)
        if level <= NUMBERED:
            axes.annotate(
                str(cluster), (levels.index(level), height), xytext=(4, 2),
                textcoords="offset points", fontsize=7,
            )  # fmt: skip
    axes.set_xticks(np.arange(len(levels)), [f"{level} clusters" for level in levels])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title("Into which clusters they fall (lines: shares of at least 5%)")
