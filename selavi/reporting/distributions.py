"""Cluster sizes at the end of training beside the prescribed sizes."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from selavi.files import UserError, read_csv, write_csv
from selavi.label.names_file import read_names
from selavi.models.checkpoint import REMEDY, load_model
from selavi.reporting.style import BLACK, MANY, PALE_BLUE, count_along, new_figure

COLUMNS = 5  # of panels


def distributions(
    model: Path, labels: Path, output: Path, figure: Path, names: Path | None = None
) -> pd.DataFrame:
    """Compare each head's cluster sizes with its marginals.

    Parameters
    ----------
    model : Path
        The model file, which holds the marginals.
    labels : Path
        labels.csv of the run: the last pseudo-labels.
    output : Path
        The CSV to write.
    figure : Path
        The SVG to write.
    names : Path, optional
        Names of the clusters of the selected head.

    Returns
    -------
    DataFrame
        One row per head and cluster: `head`, `rank` (1 is the largest cluster), `cluster`, `clips`
        (number of clips), `prescribed` (the number that the marginals prescribe for this rank),
        `name` ("" for none).

    Raises
    ------
    UserError
        If the model file has no marginals, as those of earlier versions, or invalid ones.
    """
    _, settings, facts = load_model(model)
    if "sizes" not in facts:
        raise UserError(f"{model} has no prescribed cluster sizes; train it again")
    try:
        marginals = np.array(facts["sizes"], dtype=np.float64)  # (H, K), ascending
    except (TypeError, ValueError):
        marginals = np.empty(0)
    counts_of_heads = settings.network.cluster_counts
    shape = len(counts_of_heads), max(counts_of_heads)
    if marginals.shape != shape or not np.isfinite(marginals).all():
        raise UserError(f"the sizes in {model} are not {shape[0]} x {shape[1]} shares; {REMEDY}")
    columns = [f"head{head}" for head in range(shape[0])]
    assigned = read_csv(labels, ("id", "key"), needed=tuple(columns))
    selected = int(facts["head"])
    named = read_names(names, selected) if names else {}
    called = {(selected, cluster): name for cluster, name in named.items()}
    heads = []
    for head, padded in enumerate(marginals):
        shares = padded[: counts_of_heads[head]][::-1]
        clusters = assigned[f"head{head}"]
        counts = np.bincount(clusters[clusters >= 0], minlength=len(shares))
        order = (-counts).argsort(kind="stable")
        heads.append(
            pd.DataFrame(
                {"head": head, "rank": range(1, len(shares) + 1), "cluster": order,
                 "clips": counts[order], "prescribed": shares * counts.sum(),
                 "name": [called.get((head, cluster), "") for cluster in order.tolist()]}
            )
        )  # fmt: skip
    table = pd.concat(heads, ignore_index=True)
    write_csv(output, table)
    _draw(table, settings.labelling.marginals, figure)
    return table


def _draw(table: pd.DataFrame, marginals: str, output: Path) -> None:
    heads = int(table["head"].max()) + 1
    columns = min(COLUMNS, heads)
    rows = -(-heads // columns)
    alike = table.groupby("head").size().nunique() == 1  # heads of one number of clusters
    with new_figure(output, 0.7 + 1.35 * rows) as figure:
        grid = figure.subplots(rows, columns, sharex=alike, sharey=alike, squeeze=False).ravel()
        for axes, (head, sizes) in zip(grid, table.groupby("head"), strict=False):
            ranks, wide = sizes["rank"], len(sizes) <= MANY
            axes.bar(
                ranks, sizes["clips"], width=0.8 if wide else 1.0, color=PALE_BLUE,
                label="labels after training",
            )  # fmt: skip
            axes.plot(
                ranks, sizes["prescribed"], ".", color=BLACK, markersize=4 if wide else 0.8,
                label=f"prescribed ({marginals} marginals)",
            )  # fmt: skip
            axes.set_title(f"head {head}")
            axes.grid(visible=False, axis="x")
            count_along(axes.xaxis)
            count_along(axes.yaxis)
        for axes in grid[:heads]:
            axes.set_ylim(bottom=0)  # after the last head: a limit ends the scaling by the data
        for axes in grid[heads:]:
            axes.set_visible(False)
        entries = grid[0].get_legend_handles_labels()
        size = mpl.rcParams["lines.markersize"] / entries[0][0].get_markersize()
        figure.legend(*entries, loc="outside upper right", ncols=2, markerscale=size)
        figure.supxlabel("rank of the cluster (1: the largest)", fontsize=8)
        figure.supylabel("clips", fontsize=8)
