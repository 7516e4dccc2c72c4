"""What training has to say of an epoch: sums while it runs, one row when it is over."""

from collections.abc import Iterable

Row = dict[str, float]


def add(sums: Row, **values: float) -> None:
    """Add to an epoch's running totals."""
    for name, value in values.items():
        sums[name] = sums.get(name, 0.0) + value


def epoch_row(
    epoch: int,
    sums: Row,
    rate: float,
    clips_per_second: float,
    modalities: Iterable[str],
    largest_cluster: float,
    corrupt_clips: int,
) -> Row:
    """One row of log.csv.

    Parameters
    ----------
    epoch : counted from 1.
    sums : totals of steps, loss, loss_{modality}, and of relabelled, changed, iterations.
    rate : learning rate of the last step.
    largest_cluster : share of the predictions of the worst head that fall into one cluster.
    corrupt_clips : how many clips have proved corrupt since the run began.

    Returns
    -------
    Losses are means over steps, in nats; label changes and iterations are means over relabellings.
    """
    steps, relabelled = sums["steps"], sums.get("relabelled", 0.0)
    row = {"epoch": float(epoch), "learning_rate": rate, "loss": sums["loss"] / steps}
    row |= {f"loss_{m}": sums[f"loss_{m}"] / steps for m in modalities}
    row["relabellings"] = relabelled
    row["labels_changed"] = sums.get("changed", 0.0) / max(1.0, relabelled)
    row["sinkhorn_iterations"] = sums.get("iterations", 0.0) / max(1.0, relabelled)
    row["largest_cluster"] = largest_cluster
    row["corrupt_clips"] = float(corrupt_clips)
    row["clips_per_second"] = clips_per_second
    return row


def sentence(row: Row, epochs: int) -> str:
    """The row as a line of the log."""
    return (
        f"epoch {row['epoch']:.0f}/{epochs}: loss {row['loss']:.3f}, "
        f"{row['relabellings']:.0f} label updates ({row['labels_changed']:.1%} changed), "
        f"{row['clips_per_second']:.0f} clips/s"
    )
