"""Whether a training has enough clips, and a checkpoint not too many epochs."""

from pathlib import Path

from selavi.files import UserError
from selavi.settings.run import RunSettings


def require_enough(name: str, run: RunSettings, clips: int) -> None:
    """Check that there are enough clips for the clusters and batches of a run's training.

    Parameters
    ----------
    name : str
        Name of the run.
    run : RunSettings
        Its settings.
    clips : int
        Number of training clips.

    Raises
    ------
    ValueError
        If there are fewer clips than clusters, or than clips in a batch.
    """
    training = run.training
    batch = 4 if training.least_steps else training.batch_size
    clusters = max(run.network.levels(clips))
    least = 1 if run.weights else max(clusters, batch)
    if clips < least:
        raise ValueError(
            f"runs.{name}: {clips} training clips are too few for network.clusters = "
            f"{clusters} and training.batch_size = {training.batch_size}; "
            f"use at least {least} clips, or lower these"
        )


def require_no_more(epochs: int, epoch: int, step: int, state: Path) -> None:
    """Check that a checkpoint is not beyond the epochs of its run.

    Parameters
    ----------
    epochs : int
        Epochs of the run.
    epoch, step : int
        Place of the checkpoint, counted from 0.
    state : Path
        The folder of checkpoints.

    Raises
    ------
    UserError
        If more epochs are done than the run has.
    """
    if (epoch, step) > (epochs, 0):
        done = f"{epoch} epochs and {step} steps" if step else f"{epoch} epochs"
        raise UserError(
            f"epochs = {epochs}, and {done} are done by the checkpoint in {state}; set epochs to "
            f"at least {epoch + bool(step)}, or remove {state} to train from the beginning"
        )
