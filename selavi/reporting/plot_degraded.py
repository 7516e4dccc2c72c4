"""Plot of the NMI of degraded clips against their size on disk."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from selavi.files import UserError, atomic_path, read_csv
from selavi.reporting.figures import STYLE

COLOURS = {"video+audio": "tab:green", "video": "tab:blue", "audio": "tab:orange"}
LINES = ("-", "--", ":", "-.")


def plot_degraded(tables: list[Path], output: Path) -> None:
    """Plot NMI against size on disk, a panel each for degraded video and degraded audio.

    Parameters
    ----------
    tables : list of Path
        CSVs of the evaluate-degraded stage, one per run and named by it.
    output : Path
        The SVG to write.

    Raises
    ------
    UserError
        If the tables have no degraded clips.
    """
    text = ("level", "degraded", "modality")
    runs = {path.stem: read_csv(path, text, needed=(*text, "nmi", "kilobytes")) for path in tables}
    kinds = [
        k for k in ("video", "audio") if any((t["degraded"] == k).any() for t in runs.values())
    ]
    if not kinds:
        raise UserError(f"no levels in {', '.join(map(str, tables))}; configure degrade.video")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * len(kinds), 4), layout="constrained")
        grid = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(grid, kinds, strict=True):
            for line, (run, table) in zip(LINES * len(runs), runs.items(), strict=False):
                for modality, rows in table[table["degraded"] == kind].groupby("modality"):
                    rows = rows.sort_values("kilobytes")
                    axes.plot(
                        rows["kilobytes"], rows["nmi"], line, marker="o", markersize=4,
                        color=COLOURS.get(str(modality), "black"), label=f"{run}, {modality}",
                    )  # fmt: skip
            axes.set(title=f"Degraded {kind}", xlabel="kB per clip", xscale="log", ylim=(0, None))
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.legend(frameon=False, fontsize=8)
        grid[0].set(ylabel="NMI")
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})
