"""The windows of files: the parts that get one label each, and which seconds they cover."""

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from selavi.data.manifest import id_of
from selavi.data.media.probe import Probe, probe
from selavi.data.read_errors import Rejected
from selavi.files import UserError
from selavi.label.inputs import Input, key_of
from selavi.progress import Bar

log = logging.getLogger(__name__)

WINDOW_SECONDS = 10.0
WHOLE_BELOW = 30.0
"""Files shorter than this many seconds are one window, unless a length of windows is given."""
SHORTEST = 1.1
"""A rest of fewer seconds joins the window before it."""
ROUNDING = 1e-6  # seconds: tables have six decimals
PLAN = ("id", "path", "start", "end", "modalities", "reason", "detail")
"""Columns of windows.csv."""

Span = tuple[float, float]
Cuts = Callable[[Input], Sequence[float]]


def middle_part(start: float, end: float, seconds: float) -> Span:
    """The middle part of a window; of a short one, all of it.

    Parameters
    ----------
    start, end : float
        The window, in seconds.
    seconds : float
        Length of the part.

    Returns
    -------
    tuple of float
        Start and end of the part.
    """
    if end - start <= seconds:
        return start, end
    first = start + (end - start - seconds) / 2
    return first, first + seconds


@dataclass(frozen=True)
class Windowing:
    """How files are cut into windows.

    Attributes
    ----------
    window : float or None
        Length of a window in seconds. None: files of less than `WHOLE_BELOW` seconds are one
        window, longer ones have windows of `WINDOW_SECONDS`.
    stride : float or None
        Seconds from one window's start to the next one's; None for the window's length.
    """

    window: float | None = None
    stride: float | None = None

    def __post_init__(self) -> None:
        length, step = self.length, self.step
        if not SHORTEST <= length < math.inf:
            raise UserError(
                f"windows of {length:g} s are not possible; give at least {SHORTEST:g} seconds"
            )
        if not 0 < step <= length:
            raise UserError(
                f"a stride of {step:g} s does not fit windows of {length:g} s, as some seconds "
                "would have no window; give more than 0 and at most the window's length"
            )

    @property
    def length(self) -> float:
        """Length of a window, in seconds."""
        return WINDOW_SECONDS if self.window is None else self.window

    @property
    def step(self) -> float:
        """Seconds from one window's start to the next one's."""
        return self.length if self.stride is None else self.stride

    def spans(self, start: float, end: float) -> list[Span]:
        """Cut a part of a file into windows, which cover it.

        Parameters
        ----------
        start, end : float
            The part, in seconds.

        Returns
        -------
        list of tuple of float and float
            Start and end of each window.
        """
        whole_below = WHOLE_BELOW if self.window is None and self.stride is None else 0.0
        if end - start < whole_below:
            return [(start, end)]
        spans: list[Span] = []
        for number in itertools.count():
            first = start + number * self.step
            last = first + self.length
            # The next window would begin after the end, or be too short.
            if last > end - ROUNDING or first + self.step > end - SHORTEST + ROUNDING:
                return [*spans, (first, end)]
            spans.append((first, last))
        raise AssertionError("unreachable")

    def shots(self, start: float, end: float, cuts: Sequence[float]) -> list[Span]:
        """Cut a part of a file at scene changes, and shots longer than a window into windows.

        A shot of less than `SHORTEST` seconds joins the one before, or the first the next.

        Parameters
        ----------
        start, end : float
            The part, in seconds.
        cuts : sequence of float
            Times of the scene changes, in seconds.

        Returns
        -------
        list of tuple of float and float
            Start and end of each window.
        """
        edges = [start]
        for cut in sorted(cuts):
            if edges[-1] + SHORTEST <= cut <= end - SHORTEST:
                edges.append(cut)
        return [span for shot in itertools.pairwise([*edges, end]) for span in self.spans(*shot)]


def plan_windows(
    inputs: Sequence[Input], windowing: Windowing, cuts: Cuts | None = None, threads: int = 1
) -> pd.DataFrame:
    """Plan the windows of all files; nothing is decoded, except for `cuts`.

    Parameters
    ----------
    inputs : sequence of Input
        The files.
    windowing : Windowing
        How they are cut.
    cuts : callable, optional
        Finds the scene changes of a file, where windows begin; by default, all windows of a file
        have the same length.
    threads : int
        Files that are probed at a time.

    Returns
    -------
    DataFrame
        Columns `PLAN`, a row per window, and one per file that cannot be used. `id` also depends on
        the file's size and time of modification. `start` and `end` are NaN if the length is
        unknown.
    """
    with ThreadPoolExecutor(threads) as pool:
        made = pool.map(lambda each: _rows(each, windowing, cuts), inputs)
        bar = Bar(made, total=len(inputs), desc="probe", unit="file")
        rows = [row for rows in bar for row in rows]
    table = pd.DataFrame(rows, columns=list(PLAN))
    table = table.astype({"start": float, "end": float})
    # Overlapping rows of a table may ask for one window twice.
    table = table.drop_duplicates(["id", "reason"])
    return table.sort_values(["path", "start"], kind="stable", ignore_index=True)


def _rows(each: Input, windowing: Windowing, cuts: Cuts | None) -> list[dict[str, object]]:
    """Rows of the plan for one file."""
    row: dict[str, object] = {
        "path": each.name, "start": each.start, "end": each.end, "modalities": "",
        "reason": each.reason, "detail": each.detail,
    }  # fmt: skip
    if each.reason:
        return [_without_windows(each, row, each.reason, each.detail)]
    try:
        found = probe(each.path)
        start, end = _part(each, found)
        status = each.path.stat()
    except (Rejected, OSError) as error:
        problem = (
            (error.reason, error.detail)
            if isinstance(error, Rejected)
            else ("unreadable", f"cannot look at the file: {error.strerror}")
        )
        return [_without_windows(each, row, *problem)]
    try:
        changes = cuts(each) if cuts and found.video else None
    except Rejected as error:
        return [_without_windows(each, row, error.reason, error.detail)]
    spans = windowing.spans(start, end) if changes is None else windowing.shots(start, end, changes)
    spans = [(round(first, 6), round(last, 6)) for first, last in spans]  # as tables have them
    gaps = uncovered(spans, start, end)
    assert not gaps, f"{each.name}: no window covers {gaps}"
    modalities = "+".join(name for name in ("video", "audio") if getattr(found, name))
    version = f"{status.st_size}:{status.st_mtime_ns}"
    return [
        row
        | {
            "id": id_of(f"{key_of(each.name, *span)} {version}"),
            "start": span[0], "end": span[1], "modalities": modalities,
        }
        for span in spans
    ]  # fmt: skip


def _part(each: Input, found: Probe) -> Span:
    """The part of a file that is wanted and is there. Raises Rejected if there is none."""
    start = 0.0 if math.isnan(each.start) else each.start
    end = found.seconds if math.isnan(each.end) else min(each.end, found.seconds)
    if end <= start:
        raise Rejected(
            "bad-segment",
            f"the segment begins at {start:g} s, after the file, which ends at "
            f"{found.seconds:.2f} s",
        )
    return start, end


def uncovered(windows: Iterable[Span], start: float, end: float) -> list[Span]:
    """Parts of a part of a file that no window covers.

    Parameters
    ----------
    windows : iterable of tuple of float and float
        Start and end of each window, in any order.
    start, end : float
        The part, in seconds.

    Returns
    -------
    list of tuple of float and float
        Start and end of each part longer than rounding.
    """
    gaps, reached = [], start
    for first, last in sorted(windows):
        if min(first, end) > reached + 2 * ROUNDING:
            gaps.append((reached, first))
        reached = max(reached, last)
    return gaps + ([(reached, end)] if end > reached + 2 * ROUNDING else [])


def _without_windows(
    each: Input, row: dict[str, object], reason: str, detail: str
) -> dict[str, object]:
    """The row of a file that cannot be used."""
    named = {"id": id_of(key_of(each.name, each.start, each.end))}
    return row | {"reason": reason, "detail": detail} | named
