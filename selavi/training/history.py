"""The log of an epoch: running totals, and one row at its end."""

from collections.abc import Iterable

from selavi.progress import duration

Row = dict[str, float]


def add(sums: Row, **values: float) -> None:
    """Add to an epoch's running totals."""
    for name, value in values.items():
        sums[name] = sums.get(name, 0.0) + value


def epoch_row(
    epoch: int,
    sums: Row,
    learning_rate: float,
    clips_per_second: float,
    modalities: Iterable[str],
    largest_cluster: float,
    corrupt_clips: int,
) -> Row:
    """One row of log.csv.

    Parameters
    ----------
    epoch : int
        From 1.
    sums : dict
        Totals of steps, loss, loss_{modality}, relabelled, changed, iterations.
    learning_rate : float
        Of the last step.
    clips_per_second : float
        Of all processes together.
    modalities : iterable of str
        Names of the modalities.
    largest_cluster : float
        The largest fraction of a head's predictions that one cluster has.
    corrupt_clips : int
        Corrupt clips found since the run began.

    Returns
    -------
    dict
        Losses are means over steps, in nats; label changes and iterations are means over label
        updates.
    """
    steps, relabelled = sums["steps"], sums.get("relabelled", 0.0)
    row = {"epoch": float(epoch), "learning_rate": learning_rate, "loss": sums["loss"] / steps}
    row |= {f"loss_{m}": sums[f"loss_{m}"] / steps for m in modalities}
    row["relabellings"] = relabelled
    row["labels_changed"] = sums.get("changed", 0.0) / max(1.0, relabelled)
    row["sinkhorn_iterations"] = sums.get("iterations", 0.0) / max(1.0, relabelled)
    row["largest_cluster"] = largest_cluster
    row["corrupt_clips"] = float(corrupt_clips)
    row["clips_per_second"] = clips_per_second
    return row


def sentence(row: Row, epochs: int, clips_left: int) -> str:
    """Format a row as a line of the log.

    Parameters
    ----------
    row : dict
        Of `epoch_row`.
    epochs : int
        Of the whole run.
    clips_left : int
        Clips of the epochs to come, for the predicted time.

    Returns
    -------
    str
        For the log.
    """
    updates, speed = row["relabellings"], row["clips_per_second"]
    # A run killed between the last step of an epoch and its end has no speed of its own.
    left = f", {duration(clips_left / speed)} left" if clips_left and speed else ""
    return (
        f"epoch {row['epoch']:.0f}/{epochs}: loss {row['loss']:.3f}, "
        f"{updates:.0f} label update{'' if updates == 1 else 's'}, {speed:.0f} clips/s{left}"
    )
