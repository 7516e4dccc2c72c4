"""Plot of the NMI of degraded clips against their size on disk."""

from pathlib import Path

from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from selavi.files import UserError, read_csv
from selavi.reporting.style import BLACK, MARKERS, MODALITIES, new_figure

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
    with new_figure(output, 3.2) as figure:
        grid = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(grid, kinds, strict=True):
            for line, (run, table) in zip(LINES * len(runs), runs.items(), strict=False):
                for modality, rows in table[table["degraded"] == kind].groupby("modality"):
                    rows = rows.sort_values("kilobytes")
                    axes.plot(
                        rows["kilobytes"], rows["nmi"], line,
                        marker=MARKERS.get(str(modality), "o"),
                        color=MODALITIES.get(str(modality), BLACK), label=f"{run}, {modality}",
                    )  # fmt: skip
            axes.set(title=f"Degraded {kind}", xlabel="size of a clip (kB)", xscale="log")
            axes.set_ylim(0, None)
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
        grid[0].set(ylabel="NMI with the classes")
        lines = {line.get_label(): line for axes in grid for line in axes.lines}
        figure.legend(
            handles=list(lines.values()), loc="outside upper left", ncols=3, handlelength=4
        )
