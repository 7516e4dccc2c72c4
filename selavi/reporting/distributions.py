"""Cluster sizes that training ended with, against the sizes that were drawn."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from selavi.files import UserError, atomic_path, read_csv, write_csv
from selavi.models.checkpoint import REMEDY, load_model
from selavi.reporting.figures import STYLE

COLUMNS = 5


def distributions(model: Path, labels: Path, output: Path, figure: Path) -> pd.DataFrame:
    """Compare each head's cluster sizes with the sizes its labels were to have.

    Parameters
    ----------
    model : model.pt, whose facts hold the drawn shares. labels : labels.csv, the last training
        labels. output : CSV to write: `head`, `rank` (0 is the smallest), `cluster`, `clips`, and
        `drawn`, the clips that the cluster of this rank was to have. figure : SVG to write.

    Raises UserError if the model is of an earlier version, which kept no sizes.
    """
    _, settings, facts = load_model(model)
    if "sizes" not in facts:
        raise UserError(f"{model} does not say which cluster sizes were drawn; train it again")
    try:
        shares = np.array(facts["sizes"], dtype=np.float64)  # (H, K), ascending
    except (TypeError, ValueError):
        shares = np.empty(0)
    shape = settings.network.heads, settings.network.clusters
    if shares.shape != shape or not np.isfinite(shares).all():
        raise UserError(f"the sizes in {model} are not {shape[0]} x {shape[1]} shares; {REMEDY}")
    columns = [f"head{head}" for head in range(shape[0])]
    assigned = read_csv(labels, ("id", "key"), needed=tuple(columns))
    parts = []
    for head, share in enumerate(shares):
        found = assigned[f"head{head}"]
        counts = np.bincount(found[found >= 0], minlength=len(share))
        order = counts.argsort(kind="stable")
        parts.append(
            pd.DataFrame(
                {"head": head, "rank": range(len(share)), "cluster": order,
                 "clips": counts[order], "drawn": share * counts.sum()}
            )
        )  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
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
            axes.plot(sizes["rank"], sizes["drawn"], color="black", linewidth=1, label="drawn")
            axes.set(title=f"head {head}", ylim=(0, None))
        for axes in grid[heads:]:
            axes.set_visible(False)
        grid[0].legend(frameon=False)
        figure.supxlabel("cluster, by size", fontsize=10)
        figure.supylabel("clips", fontsize=10)
        figure.suptitle(f"Cluster sizes, {marginals} marginals", fontsize=11)
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})
