"""The numbers of clusters of a run: their agreement, and the tree of their clusters."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from selavi.evaluation.levels import labels_of, level_scores, read_levels, tree
from selavi.files import write_csv
from selavi.reporting.style import BLACK, BLUE, VERMILION, legend_above, new_figure

log = logging.getLogger(__name__)

SHOWN = 0.05  # the smallest share that has a line
NUMBERED = 64  # clusters of a level that have their numbers beside them


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
    lines = max((k for k in scores["clusters"] if k <= NUMBERED), default=0)
    with new_figure(figure, max(3.6, 1.2 + 0.1 * lines), {"axes.grid": False}) as drawing:
        left, right = drawing.subplots(1, 2, width_ratios=(1, 2))
        _curve(left, scores)
        _draw(right, branches, scores["clusters"].tolist())


def _curve(axes: Axes, scores: pd.DataFrame) -> None:
    chosen = int(scores.loc[scores["selected"], "clusters"].iloc[0])
    counts = scores["clusters"]
    axes.plot(counts, scores["agreement"], "o-", color=VERMILION, label="AMI of two heads")
    axes.axvline(chosen, color=VERMILION, alpha=0.5, label=f"selected: {chosen}")
    if scores["nmi"].notna().any():
        best = int(counts.iloc[int(scores["nmi"].argmax())])
        axes.plot(counts, scores["nmi"], "s-", color=BLACK, label="NMI with classes")
        axes.axvline(best, color=BLACK, linestyle=":", label=f"oracle, by classes: {best}")
    axes.set(title="Agreement by number of clusters", ylim=(0, 1.02))
    axes.set(xlabel="number of clusters (log scale)", ylabel="AMI, NMI (1: the same)")
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(k) for k in counts])
    axes.minorticks_off()
    legend_above(axes, len(axes.get_legend_handles_labels()[0]))


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
                color=BLUE, linewidth=3 * share, alpha=0.3 + 0.6 * share,
            )  # fmt: skip
    last = len(levels) - 1
    for (level, cluster), height in places.items():
        column, small = levels.index(level), level > NUMBERED
        axes.plot(column, height, "o", color=BLACK, markersize=1 if small else 2.5)
        if not small:
            place, across, along = (0, 3), "center", "bottom"
            if column in (0, last):  # no line is beside it
                place, across = ((4, 0), "left") if column else ((-4, 0), "right")
                along = "center"
            axes.annotate(
                str(cluster), (column, height), xytext=place, textcoords="offset points",
                fontsize=6.5, horizontalalignment=across, verticalalignment=along,
            )  # fmt: skip
    axes.set_xticks(range(len(levels)), [str(level) for level in levels])
    axes.set(xlabel="number of clusters", xlim=(-0.15, last + 0.15), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_title(f"How clusters divide (width: share of clips, from {SHOWN:.0%})")
