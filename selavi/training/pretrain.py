"""The pretrain stage: train, then write the model, its log and its labels."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from selavi import __version__
from selavi.config_file import write_section
from selavi.data.index import stored_media
from selavi.data.sampling import open_clips
from selavi.engine.process_group import process_group
from selavi.engine.state_lock import sole_training
from selavi.engine.stop import stop_on_signals
from selavi.files import atomic_path, explain_refusal, write_csv
from selavi.labelling.collapse import collapse
from selavi.models.checkpoint import save_model
from selavi.models.initial_weights import FirstWeights
from selavi.settings import Modality, RunSettings
from selavi.training.loop import Trainer
from selavi.training.trained import Trained

log = logging.getLogger(__name__)


def pretrain(
    index: Path,
    settings: RunSettings,
    output: Path,
    features: Mapping[Modality, Path] | None = None,
) -> None:
    """Train a run and write model.pt, log.csv, labels.csv and config.yaml into `output`.

    Checkpoints are in `output`/state: killed at any moment, the same call resumes; once finished,
    the same call writes the outputs again. Only one call at a time may use them. TensorBoard events
    are in `output`/events, the labels of every epoch with a label update in `output`/epoch-labels.

    Parameters
    ----------
    index : Path
        Index of the training split.
    settings : RunSettings
        Of the run.
    output : Path
        The folder to write.
    features : mapping of str to Path, optional
        Files of features of frozen encoders, see `open_clips`.

    Raises
    ------
    UserError
        For missing files, and if another call uses the checkpoints.
    ValueError
        For settings that do not fit the clips.
    Diverged
        If the loss is not finite or clusters collapse.
    Stopped
        If a signal asked for it.
    """
    clips = open_clips(index, settings, settings.machine.cache_gb, features)
    state = output / "state"
    with (
        stop_on_signals() as stop,
        process_group() as group,
        sole_training(state, group),
        Journal(output) as journal,
    ):
        trained = Trainer(clips, settings, state, group, stop, journal.write).run()
        if trained.corrupt and group.first:
            log.warning("%d of %d clips are corrupt and were left out", trained.corrupt, len(clips))
        if group.first:
            _write(trained, clips.index, output)


def _write(trained: Trained, index: pd.DataFrame, output: Path) -> None:
    labels = trained.labels.numpy()
    settings, selection = trained.settings, trained.selection
    if len(selection.levels) > 1:
        log.info("%s", selection)
    if trained.network.consensus:
        head = len(selection.agreements) + selection.level
        log.info("the result is the consensus of all heads of %d clusters", selection.clusters)
    else:
        head = selection.head
        log.info(
            "selected head %d (highest mean NMI with the other heads: %.3f)",
            head, selection.agreements[head],
        )  # fmt: skip
    share = trained.history[-1]["largest_cluster"]  # of predictions; labels are balanced
    if words := collapse(share, float(trained.sizes.max())):
        log.warning("by the worst head's predictions in the last epoch, %s", words)
    columns = [pd.Series(labels[:, h], name=f"head{h}") for h in range(labels.shape[1])]
    write_csv(output / "labels.csv", pd.concat([index[["sample", "id", "key"]], *columns], axis=1))
    write_csv(output / "log.csv", pd.DataFrame(trained.history).astype({"epoch": int}))
    write_section(output / "config.yaml", settings)
    facts = {
        "version": __version__,
        "head": head,
        "agreement": selection.agreements.tolist(),
        "steps": trained.steps,
        "clips": len(index),
        "sizes": trained.sizes.tolist(),
        "media": stored_media(index),
        "init": _sources(settings, trained.init),
    }
    if len(levels := selection.levels) > 1:
        facts["levels"] = {"clusters": list(levels), "agreement": list(levels.values())}
    save_model(output / "model.pt", trained.network, settings, facts)


def _sources(
    settings: RunSettings, first: dict[str, FirstWeights]
) -> dict[str, dict[str, str | bool]]:
    """By modality, where its encoder's first weights are from."""
    sources = settings.network.init.sources if settings.network.init else {}
    return {name: {"source": sources[name]} | asdict(file) for name, file in first.items()}


class Journal:
    """log.csv, TensorBoard events and new labels, updated after every epoch.

    Parameters
    ----------
    output : Path
        The run's folder.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.events: SummaryWriter | None = None

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *error: object) -> None:
        if self.events:
            with suppress(OSError):  # reported when they were written
                self.events.close()

    def write(self, history: list[dict[str, float]], labels: Tensor) -> None:
        """Write one more epoch, and purge the same and later epochs of a killed run.

        Parameters
        ----------
        history : list of dict
            One row per epoch.
        labels : Tensor
            (N, H) int64, saved as epoch-labels/{epoch}.npz if the epoch had a label update.
        """
        with explain_refusal(self.output / "events"):  # the other writers explain it themselves
            self._write(history, labels)

    def _write(self, history: list[dict[str, float]], labels: Tensor) -> None:
        epoch = int(history[-1]["epoch"])
        write_csv(self.output / "log.csv", pd.DataFrame(history).astype({"epoch": int}))
        if self.events is None:
            self.events = SummaryWriter(str(self.output / "events"), purge_step=epoch)
        for name, value in history[-1].items():
            if name != "epoch":
                self.events.add_scalar(name, value, epoch)
        self.events.flush()
        folder = self.output / "epoch-labels"
        for path in folder.glob("*.npz"):
            if int(path.stem) >= epoch:  # of an earlier run
                path.unlink()
        if history[-1]["relabellings"]:
            with (
                atomic_path(folder / f"{epoch:05d}.npz") as temporary,
                temporary.open("wb") as file,
            ):
                np.savez_compressed(file, labels=labels.cpu().numpy().astype(np.int32))
