"""How long training will take on this machine, told once its first steps are timed."""

import logging
import time

from selavi.progress import NOTICE, duration

log = logging.getLogger(__name__)

STEPS = 10  # that are timed; the first of all is not: libraries start, loaders fill


class Pace:
    """Times the first steps that this process takes, of so many `clips` each."""

    def __init__(self, clips: int) -> None:
        self.clips = clips
        self.steps = 0
        self.began = 0.0

    def step(self, left: int, epochs: int) -> None:
        """Count one more step; `left` are to come, of a run of so many `epochs`."""
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
