"""The finetune stage: epochs of training and testing on one fold."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from selavi.batch import Batch
from selavi.data.index import rejected_note
from selavi.data.sampling import Clips, ViewGrid, training_batches, view_batches
from selavi.data.schema import read_index
from selavi.distributed import Group, process_group
from selavi.evaluation.finetune.recogniser import Recogniser, make_optimizer, rate_factor
from selavi.evaluation.finetune.scoring import recognition
from selavi.evaluation.finetune.state import Progress, fingerprint, load, save
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import load_model
from selavi.models.precision import choose_bfloat16
from selavi.models.sync_batchnorm import synchronise
from selavi.progress import Bar
from selavi.settings import FinetuneSettings, RunSettings, VideoSettings, require_no_more
from selavi.signals import Stopped, StopRequest, stop_on_signals
from selavi.state_lock import sole_training

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fold:
    """Training and test videos with their classes (numbers by the names' order), and a remark."""

    train: Clips
    test: Clips
    train_labels: torch.Tensor
    test_labels: torch.Tensor
    classes: list[str]
    note: str


def finetune(
    model: Path, train: Path, test: Path, settings: FinetuneSettings, output: Path
) -> None:
    """Train the run's video encoder on with a classifier, and write a row per epoch.

    After every epoch the test videos are recognised from `clips` x `crops` views. The last row is
    the figure; an earlier, better one was chosen by looking at the test videos. The state lies
    beside `output` (`.state.pt`): killed at any moment, the same call goes on from there. Only one
    call at a time may do so.

    Parameters
    ----------
    model : model.pt of a run with a video encoder. train, test : indexes of a fold's splits.

    Raises
    ------
    UserError for files or videos that cannot do, ValueError for settings that do not fit, Stopped
    when a signal asked for it.
    """
    network, run, _ = load_model(model)
    if "video" not in network.encoders:
        raise UserError(f"{model} has no video encoder; finetuning trains on pictures")
    fold = read_fold(train, test, run, settings)
    state = output.with_suffix(".state.pt")
    with stop_on_signals() as stop, process_group() as group, sole_training(state, group):
        if settings.machine.threads:
            torch.set_num_threads(settings.machine.threads)
        recogniser = Recogniser(network, len(fold.classes), settings.linear_probe, settings.seed)
        mark = fingerprint(settings, model, [fold.train.index, fold.test.index])
        tuner = Finetuner(recogniser, fold, settings, group, stop, state, mark)
        history = pd.DataFrame(tuner.run()).astype({"epoch": int, "videos": int})
        if group.first:
            history = history.assign(classes=len(fold.classes), note=fold.note)
            history["pretraining"] = run.dataset
            write_csv(output, history.assign(linear_probe=settings.linear_probe))


def read_fold(train: Path, test: Path, run: RunSettings, settings: FinetuneSettings) -> Fold:
    """The videos of a fold that have a class. Raises UserError if there are none to tell apart."""
    tables = []
    for path in (train, test):
        table = read_index(path)
        table = table[table["label"] != ""].reset_index(drop=True)
        if table.empty:
            raise UserError(f"{path}: no video has a class")
        tables.append(table)
    ours, theirs = (set(table["label"]) for table in tables)
    if not ours & theirs:
        raise UserError(
            f"{train} and {test} have no class in common: {sorted(ours)[:3]} against "
            f"{sorted(theirs)[:3]}; check how the folders, or the split files, name the classes"
        )
    missing = sorted(theirs - ours)
    untaught = f"{len(missing)} classes have no training video" if missing else ""
    if missing:
        log.warning("%s: %s: %s", train, untaught, ", ".join(missing[:10]))
    note = "; ".join(filter(None, [untaught, rejected_note(test)]))
    classes = sorted(ours | theirs)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = [torch.tensor([numbers[name] for name in table["label"]]) for table in tables]
    clips = [
        finetune_clips(table, path, run, settings)
        for table, path in zip(tables, (train, test), strict=True)
    ]
    return Fold(clips[0], clips[1], labels[0], labels[1], classes, note)


def finetune_clips(
    table: pd.DataFrame, index: Path, run: RunSettings, settings: FinetuneSettings
) -> Clips:
    """A split's videos as finetuning looks at them."""
    names = ("frames", "scale_min", "scale_max", "crop", "colour")
    changes = {name: getattr(settings, name) for name in names}
    video = VideoSettings.model_validate(run.video.model_dump() | changes)
    return Clips(table, index.parent, video, run.audio, ["video"], run.max_corrupt)


class Finetuner:
    """One fold in one process."""

    def __init__(
        self, model: Recogniser, fold: Fold, settings: FinetuneSettings, group: Group,
        stop: StopRequest, state: Path, mark: str,
    ) -> None:  # fmt: skip
        if settings.batch_size % group.world:
            raise ValueError(
                f"finetune.batch_size = {settings.batch_size} cannot be dealt to {group.world} "
                "processes; use a multiple, or give the rule other `tasks` (docs/slurm.md)"
            )
        self.steps_per_pass = len(fold.train) // settings.batch_size
        if self.steps_per_pass == 0:
            raise ValueError(
                f"{len(fold.train)} training videos do not fill finetune.batch_size = "
                f"{settings.batch_size}"
            )
        self.model, self.fold, self.settings = model.to(group.device), fold, settings
        self.group, self.stop, self.path, self.mark = group, stop, state, mark
        self.optimizer = make_optimizer(model, settings)
        self.progress = Progress()
        self.learner: nn.Module = self.model
        if group.world > 1:
            if not settings.linear_probe:
                synchronise(self.model, group.device)
            self.learner = DistributedDataParallel(self.model)
        self.saved_at = time.monotonic()

    def run(self) -> list[dict[str, float]]:
        """Train from the saved state, or from the start; a row of figures per epoch."""
        found = load(self.path, self.model, self.optimizer, self.mark, self.group)
        if found:
            self.progress = found
            require_no_more(self.settings.epochs, found.epoch, found.step, self.path)
            log.info("going on from epoch %d, step %d", found.epoch, found.step)
            self.progress.bfloat16 &= self.settings.machine.precision != "float32"
        elif self.settings.machine.precision != "float32":
            first = next(self._batches(0)).to(self.group.device)
            self.progress.bfloat16 = choose_bfloat16(
                self.model.network, first, self.settings.machine.precision, self.group
            )
        with Bar(
            total=self.settings.epochs * self._steps,
            initial=self.progress.epoch * self._steps + self.progress.step,
            desc="finetune",
            unit="step",
            disable=None if self.group.first else True,
        ) as bar:
            while self.progress.epoch < self.settings.epochs:
                self._epoch(bar)
        return self.progress.history

    @property
    def _steps(self) -> int:
        """Steps of an epoch: every training video comes `clips` times."""
        return self.steps_per_pass * self.settings.clips

    def _epoch(self, bar: Bar) -> None:
        progress = self.progress
        factor = rate_factor(self.settings, progress.epoch)
        rates = (self.settings.head_lr, self.settings.base_lr)
        for parameters, rate in zip(self.optimizer.param_groups, rates, strict=False):
            parameters["lr"] = rate * factor
        self.learner.train()
        for batch in self._batches(progress.step):
            progress.loss += self._step(batch.to(self.group.device))
            progress.step += 1
            bar.update()
            self._save_if_due()
        row = {
            "epoch": float(progress.epoch + 1),
            "learning_rate": self.settings.head_lr * factor,
            "loss": progress.loss / self._steps,
        }
        progress.history.append(row | self._test())
        log.info(
            "epoch %d of %d: loss %.3f, videos %.1f%%, clips %.1f%%",
            progress.epoch + 1, self.settings.epochs, row["loss"],
            100 * progress.history[-1]["video_top1"], 100 * progress.history[-1]["clip_top1"],
        )  # fmt: skip
        progress.epoch, progress.step, progress.loss = progress.epoch + 1, 0, 0.0
        self._save()

    def _step(self, batch: Batch) -> float:
        truth = self.fold.train_labels[batch.sample.cpu()].to(self.group.device)
        loss = F.cross_entropy(self.learner(batch, self.progress.bfloat16), truth)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        value = self.group.sum(loss.detach().double()) / self.group.world
        if not bool(torch.isfinite(value)):
            raise ValueError(
                f"the loss is not a number in epoch {self.progress.epoch + 1}; lower "
                "finetune.head_lr and finetune.base_lr, or use machine.precision: float32"
            )
        return float(value)

    def _batches(self, first_step: int) -> Iterator[Batch]:
        """The rest of this epoch: passes over the training videos, each with views of its own."""
        first_pass, step = divmod(first_step, self.steps_per_pass)
        for number in range(first_pass, self.settings.clips):
            yield from training_batches(
                self.fold.train,
                seed=self.settings.seed,
                epoch=self.progress.epoch * self.settings.clips + number,
                batch_size=self.settings.batch_size // self.group.world,
                rank=self.group.rank,
                world=self.group.world,
                first_step=step if number == first_pass else 0,
                workers=self.settings.machine.workers,
                device=self.group.device,
            )

    def _test(self) -> dict[str, float]:
        settings = self.settings
        grid = ViewGrid(settings.clips, settings.crops, settings.crop)
        batches = view_batches(
            self.fold.test,
            views=grid,
            batch_size=settings.batch_size,
            rank=self.group.rank,
            world=self.group.world,
            workers=settings.machine.workers,
            device=self.group.device,
        )
        return recognition(
            self.model, batches, self.fold.test_labels, len(grid), self.group.device,
            self.progress.bfloat16,
        )  # fmt: skip

    def _save_if_due(self) -> None:
        """Save in mid-epoch when it is time, or when asked to stop."""
        if self.group.any(self.stop.requested):
            self._save()
            raise Stopped
        seconds = time.monotonic() - self.saved_at
        if self.group.any(seconds >= 60 * self.settings.machine.checkpoint_minutes):
            self._save()

    def _save(self) -> None:
        save(self.path, self.model, self.optimizer, self.progress, self.mark, self.group)
        self.saved_at = time.monotonic()
