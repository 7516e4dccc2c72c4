"""Figure of what degraded clips keep of their clusters."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from selavi.files import UserError, atomic_path, read_csv
from selavi.reporting.figures import STYLE

COLOURS = {"video+audio": "tab:green", "video": "tab:blue", "audio": "tab:orange"}
LINES = ("-", "--", ":", "-.")


def degradation_figure(tables: list[Path], output: Path) -> None:
    """Draw NMI against size on disk, a panel for a worse picture and one for a worse sound.

    tables : CSVs of the robustness stage, named by run. output : SVG to write.
    """
    text = ("level", "degraded", "modality")
    found = {path.stem: read_csv(path, text, needed=(*text, "nmi", "kilobytes")) for path in tables}
    kinds = [
        k for k in ("video", "audio") if any((t["degraded"] == k).any() for t in found.values())
    ]
    if not kinds:
        raise UserError(f"no levels in {', '.join(map(str, tables))}; configure degrade.video")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * len(kinds), 4), layout="constrained")
        grid = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(grid, kinds, strict=True):
            for line, (run, table) in zip(LINES * len(found), found.items(), strict=False):
                for modality, rows in table[table["degraded"] == kind].groupby("modality"):
                    rows = rows.sort_values("kilobytes")
                    axes.plot(
                        rows["kilobytes"], rows["nmi"], line, marker="o", markersize=4,
                        color=COLOURS.get(str(modality), "black"), label=f"{run}, {modality}",
                    )  # fmt: skip
            words = {"video": "Pictures encoded again", "audio": "Sounds encoded again"}
            axes.set(title=words[kind], xlabel="kB per clip", xscale="log", ylim=(0, None))
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.legend(frameon=False, fontsize=8)
        grid[0].set(ylabel="NMI")
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})
