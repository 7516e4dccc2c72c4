"""The style of all figures: as wide as a page's text, in colours for colour-blind people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from selavi.files import atomic_path

WIDTH = 7.0  # inches, the text of a page with two columns
MANY = 40  # bars and points of so many are drawn small
FEW = 12  # a line through so few points shows them, and shows even one
# Of Okabe and Ito, "Color Universal Design" (2008), without yellow, which is too light for lines.
BLACK, BLUE, VERMILION = "#000000", "#0072B2", "#D55E00"
PALE_BLUE = "#8CBFDF"  # of areas
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", BLACK)
MODALITIES = {"video+audio": BLACK, "video": BLUE, "audio": VERMILION}
MARKERS = {"video+audio": "o", "video": "s", "audio": "^"}
METADATA: dict[str, dict[str, Any]] = {  # without a date, so that the bytes stay the same
    "svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None},
}  # fmt: skip
STYLE: Any = {  # matplotlib types the keys one by one
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "font.size": 8,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "legend.borderaxespad": 0.2,
    "legend.borderpad": 0,
    "legend.columnspacing": 1.2,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.handletextpad": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3,
    "svg.hashsalt": "selavi",
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
}


@contextmanager
def new_figure(output: Path, height: float, style: Any = None) -> Iterator[Figure]:
    """Make an empty figure, and write it when the block ends.

    The same content gives the same bytes.

    Parameters
    ----------
    output : Path
        The file to write: a PNG or PDF if it is named so, else an SVG.
    height : float
        In inches; the width is `WIDTH`.
    style : dict, optional
        Parameters of matplotlib that override those of `STYLE`.

    Yields
    ------
    Figure
        The figure.
    """
    form = output.suffix.removeprefix(".").lower()
    form = form if form in METADATA else "svg"
    with mpl.rc_context(STYLE | (style or {})):
        figure = Figure(figsize=(WIDTH, height), layout="constrained", dpi=200)
        yield figure
        with atomic_path(output) as temporary:
            figure.savefig(temporary, format=form, metadata=METADATA[form])


def draw_line(axes: Axes, x: ArrayLike, y: ArrayLike, **options: Any) -> None:
    """Draw a line, with its points if there are few: a line through one point is not seen."""
    if np.size(x) <= FEW:
        options = {"marker": "o"} | options
    axes.plot(x, y, **options)


def count_along(axis: Axis) -> None:
    """Put ticks at whole numbers only, as epochs, ranks and clips are."""
    axis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def legend_above(axes: Axes, rows: int = 1, **options: Any) -> None:
    """Put the legend, if there is one, between title and data, where it hides nothing."""
    axes.set_title(axes.get_title(loc="left"), pad=6 + 11 * rows)
    entries = len(axes.get_legend_handles_labels()[0])
    if entries:
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1.01), "ncols": -(-entries // rows)}
        legend = axes.legend(**(place | options))
        legend.set_in_layout(False)  # the title has made room
