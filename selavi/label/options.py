"""How files are labelled."""

import os
from dataclasses import dataclass
from pathlib import Path

from selavi.label.windows import Windowing

DEFAULT = Windowing()


@dataclass(frozen=True)
class Options:
    """How files are cut, and how the work is done.

    Attributes
    ----------
    windowing : Windowing
        How files are cut into windows.
    stored_seconds : float or None
        Length of the middle part of a window that is stored, for a page that shows it; by default
        what the network sees.
    workers : int or None
        Windows decoded at a time; None for one per CPU.
    shots : bool
        Whether windows begin at scene changes, too.
    corrections : Path or None
        corrections.json: what people change of the clusters.
    """

    windowing: Windowing = DEFAULT
    stored_seconds: float | None = None
    workers: int | None = None
    shots: bool = False
    corrections: Path | None = None

    @property
    def threads(self) -> int:
        """Windows decoded at a time."""
        return len(os.sched_getaffinity(0)) if self.workers is None else max(1, self.workers)
