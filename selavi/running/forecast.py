"""Say how long a training on users' videos will take, before it starts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from selavi.config_file import parse
from selavi.estimates.cost import wall_seconds
from selavi.preflight.estimate import MEASURING, estimate
from selavi.progress import duration
from selavi.settings import Config

log = logging.getLogger(__name__)

EPOCH_SECONDS = 0.15
"""What an epoch takes besides its steps: its checkpoint, log and order of clips."""
START_SECONDS = 20.0
"""Start of Snakemake and of its jobs."""
PARTS = {
    "encode": ("shard",),
    "embed": ("embed",),
    "train": ("pretrain",),
    "label": ("shard", "embed", "assign"),  # windows are stored, and embedded, once more
}


def forecast(config: str) -> str:
    """Estimate the time of a project's stages, from rates measured here.

    Parameters
    ----------
    config : str
        The configuration, YAML.

    Returns
    -------
    str
        A line.

    Raises
    ------
    UserError
        If the sample of its videos cannot be used.
    """
    log.info(MEASURING)
    settings = parse(yaml.safe_load(config), Config, "configuration")
    with _quiet("selavi.data", "selavi.evaluation", "selavi.preflight", "selavi.training"):
        costs = estimate(settings)
    stages = wall_seconds(costs)
    epochs = sum(run.training.epochs for run in settings.runs.values())
    seconds = {part: sum(stages.get(s, 0.0) for s in names) for part, names in PARTS.items()}
    seconds["train"] += epochs * EPOCH_SECONDS
    total = sum(seconds.values()) + START_SECONDS
    shares = ", ".join(f"{part} {duration(value)}" for part, value in seconds.items() if value)
    return (
        f"estimated time: {duration(total)} ({shares}), from rates measured here; if it is "
        "interrupted, the same command resumes"
    )


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Silence the log of samples that are measured."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
