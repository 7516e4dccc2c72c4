"""Cluster sizes at the end of training beside the prescribed sizes."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from selavi.files import UserError, atomic_path, read_csv, write_csv
from selavi.label.names_file import read_names
from selavi.models.checkpoint import REMEDY, load_model
from selavi.reporting.figures import STYLE

COLUMNS = 5


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
        One row per head and cluster: `head`, `rank` (0 is the smallest cluster), `cluster`, `clips`
        (number of clips), `drawn` (the number prescribed for this rank), `name` ("" for none).

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
        shares = padded[: counts_of_heads[head]]
        clusters = assigned[f"head{head}"]
        counts = np.bincount(clusters[clusters >= 0], minlength=len(shares))
        order = counts.argsort(kind="stable")
        heads.append(
            pd.DataFrame(
                {"head": head, "rank": range(len(shares)), "cluster": order,
                 "clips": counts[order], "drawn": shares * counts.sum(),
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
    with mpl.rc_context(STYLE):
        rows = -(-heads // columns)
        figure = Figure(figsize=(2.6 * columns, 2.3 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (head, sizes) in zip(grid, table.groupby("head"), strict=False):
            axes.fill_between(sizes["rank"], sizes["clips"], alpha=0.3, step="mid", label="labels")
            axes.plot(sizes["rank"], sizes["drawn"], color="black", linewidth=1, label="prescribed")
            axes.set(title=f"head {head}", ylim=(0, None))
        for axes in grid[heads:]:
            axes.set_visible(False)
        grid[0].legend(frameon=False)
        figure.supxlabel("cluster, by size", fontsize=10)
        figure.supylabel("clips", fontsize=10)
        figure.suptitle(f"Cluster sizes, {marginals} marginals", fontsize=11)
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})
