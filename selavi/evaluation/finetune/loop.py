"""The finetune stage: epochs of training and testing on one fold."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import get_total_norm as total_norm

from selavi.batch import Batch
from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import ViewGrid, training_batches, view_batches
from selavi.engine.checkpoint import Checkpoints
from selavi.engine.divergence import check_step, divergence_recorded
from selavi.engine.process_group import Group, all_sum, process_group
from selavi.engine.state_lock import sole_training
from selavi.engine.stop import Stopped, StopRequest, stop_on_signals
from selavi.evaluation.finetune.fold import Fold, read_fold
from selavi.evaluation.finetune.recogniser import Recogniser, make_optimizer, rate_factor
from selavi.evaluation.finetune.scoring import recognition
from selavi.evaluation.finetune.state import State, fingerprint
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import load_model
from selavi.models.precision import choose_bfloat16
from selavi.models.sync_batchnorm import synchronise
from selavi.progress import Bar
from selavi.settings import FinetuneSettings, require_no_more

log = logging.getLogger(__name__)


def finetune(
    model: Path, train: Path, test: Path, settings: FinetuneSettings, output: Path
) -> None:
    """Fine-tune a run's video encoder with a classifier, and write a row per epoch.

    After every epoch the test videos are classified from `clips` x `crops` views. The last row is
    the result: choosing an earlier, better one would be a choice on the test videos. Checkpoints
    are beside `output`, in `{fold}.state`: killed at any moment, the same call resumes. Only one
    call at a time may use them.

    Parameters
    ----------
    model : Path
        model.pt of a run with a video encoder.
    train, test : Path
        Indexes of a fold's splits.
    settings : FinetuneSettings
        Of the fine-tuning.
    output : Path
        The CSV file to write.

    Raises
    ------
    UserError
        For files or videos that cannot be used, and if another call uses the checkpoints.
    ValueError
        For settings that do not fit the videos.
    Diverged
        If the loss is not finite.
    Stopped
        If a signal asked for it.
    """
    network, run, _ = load_model(model)
    if "video" not in network.encoders:
        raise UserError(f"{model} has no video encoder; fine-tuning needs one")
    fold = read_fold(train, test, run, settings)
    state = output.with_suffix(".state")
    if (earlier := state.with_suffix(".state.pt")).exists():
        raise UserError(
            f"{earlier} is the checkpoint of an earlier version of selavi; remove it to fine-tune "
            "from the start, or resume with that version"
        )
    with stop_on_signals() as stop, process_group() as group, sole_training(state, group):
        if settings.machine.threads:
            torch.set_num_threads(settings.machine.threads)
        recogniser = Recogniser(network, len(fold.classes), settings.linear_probe, settings.seed)
        mark = fingerprint(settings, model, [fold.train.index, fold.test.index])
        checkpoints = Checkpoints(state, mark, settings.machine)
        tuner = Finetuner(recogniser, fold, settings, group, stop, checkpoints)
        history = pd.DataFrame(tuner.run()).astype({"epoch": int, "videos": int})
        if group.first:
            history = history.assign(classes=len(fold.classes), note=fold.note)
            history["pretraining"] = run.dataset
            write_csv(output, history.assign(linear_probe=settings.linear_probe))


class Finetuner:
    """The fine-tuning of a fold, in one process."""

    def __init__(
        self, model: Recogniser, fold: Fold, settings: FinetuneSettings, group: Group,
        stop: StopRequest, checkpoints: Checkpoints,
    ) -> None:  # fmt: skip
        if settings.batch_size % group.world:
            raise ValueError(
                f"finetune.batch_size = {settings.batch_size} cannot be divided among "
                f"{group.world} processes; use a multiple, or change the resource `tasks`"
            )
        self.steps_per_pass = len(fold.train) // settings.batch_size
        if self.steps_per_pass == 0:
            raise ValueError(
                f"{len(fold.train)} training videos do not fill finetune.batch_size = "
                f"{settings.batch_size}"
            )
        self.model, self.fold, self.settings = model.to(group.device), fold, settings
        self.group, self.stop, self.checkpoints = group, stop, checkpoints
        self.optimizer = make_optimizer(model, settings)
        self.state = State(self.model, self.optimizer)
        self.corrupt_train, self.corrupt_test = CorruptClips(fold.train), CorruptClips(fold.test)
        self.learner: nn.Module = self.model
        if group.world > 1:
            if not settings.linear_probe:
                synchronise(self.model, group.device)
            self.learner = DistributedDataParallel(self.model)

    def run(self) -> list[dict[str, float]]:
        """Train from the newest checkpoint, or from the start.

        Returns
        -------
        list of dict
            A row per epoch.

        Raises
        ------
        Stopped
            On request.
        Diverged
            If the loss is not finite.
        UserError
            If training with these settings has diverged before.
        """
        key = f"{self.checkpoints.fingerprint} {self.settings.machine.precision}"
        with divergence_recorded(self.checkpoints.folder, key, self.group):
            self._resume_or_prepare()
            try:
                self._train()
            except Stopped:
                self._save()
                raise
        return self.state.progress.history

    def _resume_or_prepare(self) -> None:
        settings, precision = self.settings, self.settings.machine.precision
        if self.state.load(self.checkpoints, settings.seed, self.group):
            progress = self.state.progress
            require_no_more(settings.epochs, progress.epoch, progress.step, self.checkpoints.folder)
            progress.bfloat16 &= precision != "float32"
            log.info("resuming from epoch %d, step %d", progress.epoch + 1, progress.step + 1)
        elif precision != "float32":
            first = next(self._batches(0)).to(self.group.device)
            self.state.progress.bfloat16 = choose_bfloat16(
                self.model.network, first, precision, self.group
            )

    def _train(self) -> None:
        progress, epochs = self.state.progress, self.settings.epochs
        with Bar(
            total=epochs * self._steps,
            initial=progress.epoch * self._steps + progress.step,
            desc="finetune",
            unit="step",
            disable=None if self.group.first else True,
        ) as bar:
            while progress.epoch < epochs:
                self._epoch(bar)

    @property
    def _steps(self) -> int:
        """Steps of an epoch: it has `clips` passes over the training videos."""
        return self.steps_per_pass * self.settings.clips

    def _epoch(self, bar: Bar) -> None:
        progress = self.state.progress
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
            "epoch %d/%d: loss %.3f, accuracy of videos %.1f%%, of clips %.1f%%",
            progress.epoch + 1, self.settings.epochs, row["loss"],
            100 * progress.history[-1]["video_top1"], 100 * progress.history[-1]["clip_top1"],
        )  # fmt: skip
        progress.epoch, progress.step, progress.loss = progress.epoch + 1, 0, 0.0
        self._save()

    def _step(self, batch: Batch) -> float:
        progress = self.state.progress
        truth = self.fold.train_labels[batch.sample.cpu()].to(self.group.device)
        loss = F.cross_entropy(self.learner(batch, progress.bfloat16), truth)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        value = float(all_sum(loss.detach().double()) / self.group.world)
        gradient = total_norm(p.grad for p in self.model.parameters() if p.grad is not None)
        where = f"epoch {progress.epoch + 1}, step {progress.step + 1}"
        remedy = "lower finetune.head_lr and finetune.base_lr"
        check_step(value, float(gradient), where, progress.bfloat16, remedy)
        self.optimizer.step()
        return value

    def _batches(self, first_step: int) -> Iterator[Batch]:
        """Load the rest of this epoch: passes over the training videos, each in other views."""
        first_pass, step = divmod(first_step, self.steps_per_pass)
        for number in range(first_pass, self.settings.clips):
            batches = training_batches(
                self.fold.train,
                seed=self.settings.seed,
                epoch=self.state.progress.epoch * self.settings.clips + number,
                batch_size=self.settings.batch_size // self.group.world,
                rank=self.group.rank,
                world=self.group.world,
                first_step=step if number == first_pass else 0,
                workers=self.settings.machine.workers,
                device=self.group.device,
            )
            yield from self.corrupt_train.counted(batches)

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
            self.model,
            self.corrupt_test.counted(batches),
            self.fold.test_labels,
            len(grid),
            self.group.device,
            self.state.progress.bfloat16,
        )

    def _save_if_due(self) -> None:
        """Write a checkpoint in mid-epoch when it is due; raise Stopped on request."""
        self.stop.check(self.group)
        if self.checkpoints.due(self.group):
            self._save()

    def _save(self) -> None:
        self.state.save(self.checkpoints, self.settings.batch_size, self.group)
