"""Predict how long training takes on this machine, from its first steps."""

import logging
import time

from selavi.progress import NOTICE, duration

log = logging.getLogger(__name__)

STEPS = 10  # timed; the very first is not: libraries start, loaders fill


class Pace:
    """Times the first steps of this process.

    Parameters
    ----------
    clips : int
        Clips of a step, of all processes together.
    """

    def __init__(self, clips: int) -> None:
        self.clips = clips
        self.steps = 0
        self.began = 0.0

    def step(self, left: int, epochs: int) -> None:
        """Count a step, and log the prediction once enough are timed.

        Parameters
        ----------
        left : int
            Steps to come.
        epochs : int
            Of the whole run.
        """
        self.steps += 1
        if self.steps == 1:
            self.began = time.monotonic()
        if self.steps != 1 + STEPS:
            return
        seconds = (time.monotonic() - self.began) / STEPS
        if left > STEPS:
            log.info(
                "training takes about %s on this machine (%d epochs, %.0f clips/s)",
                duration(seconds * left), epochs, self.clips / seconds, extra=NOTICE,
            )  # fmt: skip
