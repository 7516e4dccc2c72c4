"""Pretraining alternates between label updates and learning the labels (paper, section 3)."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm as total_norm

from selavi.batch import Batch
from selavi.data.sampling import Clips
from selavi.engine.checkpoint import Checkpoints
from selavi.engine.divergence import check_step, divergence_recorded
from selavi.engine.process_group import Group, all_sum
from selavi.engine.stop import Stopped, StopRequest
from selavi.labelling.schedule import relabelling_steps
from selavi.models.head_selection import Selection, select_head
from selavi.models.initial_weights import initialise
from selavi.models.network import Network
from selavi.models.precision import choose_bfloat16
from selavi.models.preparation import Preparation
from selavi.progress import Bar
from selavi.settings import RunSettings, require_enough, require_no_more
from selavi.training.collapse import check_predictions, largest_share
from selavi.training.consensus import match_heads
from selavi.training.history import Row, add, epoch_row, sentence
from selavi.training.optim import clips_per_step, fit_to_clips, learning_rate
from selavi.training.pace import Pace
from selavi.training.preparation import first_labels, prepare
from selavi.training.pseudo_labels import Labeller
from selavi.training.resume import fingerprint, load_state
from selavi.training.state import fresh_state
from selavi.training.step import Learner
from selavi.training.trained import Trained

log = logging.getLogger(__name__)

WARMUP_EPOCH = 2**31  # an epoch number that training never reaches: its batches are distinct


class Trainer:
    """The training of a run, in one process; `on_epoch` is called on rank 0 after each epoch."""

    def __init__(
        self,
        clips: Clips,
        settings: RunSettings,
        folder: Path,
        group: Group,
        stop: StopRequest,
        on_epoch: Callable[[list[Row], Tensor], None],
    ) -> None:
        settings = settings.for_clips(len(clips))
        require_enough(folder.parent.name, settings, len(clips))
        self.training = fit_to_clips(settings.training, len(clips), group.world)
        settings = settings.model_copy(update={"training": self.training})
        self.machine = settings.machine
        self.group, self.stop, self.on_epoch = group, stop, on_epoch
        self.step_clips = clips_per_step(self.training, group.world)
        self.steps = len(clips) // self.step_clips
        if self.steps == 0:
            raise ValueError(
                f"{len(clips)} clips do not fill a step: training.batch_size = "
                f"{self.training.batch_size} x training.accumulation = "
                f"{self.training.accumulation} x {group.world} processes"
            )
        total, labelling = self.training.epochs * self.steps, settings.labelling
        first = int(labelling.first_share * total)
        self.due = relabelling_steps(labelling.optimisations, labelling.power, total, first)
        if self.machine.threads:
            torch.set_num_threads(self.machine.threads)
        torch.manual_seed(settings.seed)
        identity = partial(fingerprint, settings, clips.index, features=clips.features)
        prepared = prepare(settings, clips, group)
        self.network, self.clips = prepared.network.to(group.device), prepared.clips
        self.settings = settings.model_copy(update={"network": self.network.settings})
        self.init = initialise(self.network, settings.network.init, group)  # before DDP shares them
        digests = {name: first.sha256 for name, first in self.init.items()}
        self.learner = Learner(self.network, group, self.machine.compile)
        self.state = fresh_state(self.network, settings, self.clips, group.device)
        self.labeller = Labeller(self.clips, settings, group, self.network, self.state, stop)
        self.process_clips = self.step_clips // group.world
        self.checkpoints = Checkpoints(folder, identity(init=digests), self.machine)
        self.pace = Pace(self.step_clips)

    def run(self) -> Trained:
        """Train from the newest checkpoint, or from the start.

        Returns
        -------
        Trained
            The trained network and what is kept of its training.

        Raises
        ------
        Stopped
            On request.
        Diverged
            If the loss is not finite or clusters collapse.
        UserError
            If training with these settings has diverged before.
        """
        changeable = (self.training.epochs, self.training.collapse, self.machine.precision)
        key = f"{self.checkpoints.fingerprint} {self.step_clips} {changeable}"
        with divergence_recorded(self.checkpoints.folder, key, self.group):
            self._resume_or_prepare()
            try:
                self._train()
            except Stopped:
                self._save()
                raise
        progress = self.state.progress
        labels, sizes = self.state.labels.cpu(), self.state.sizes.cpu()
        network = self.network.cpu().eval()
        selection = self._select(network, labels)
        for encoder in network.encoders.values():
            if isinstance(encoder, Preparation):
                encoder.applied = False
        corrupt = len(self.state.corrupt)
        history, steps = progress.history, progress.total
        return Trained(
            network, self.settings, labels, selection, sizes, history, steps, corrupt, self.init
        )

    def _select(self, network: Network, labels: Tensor) -> Selection:
        """Select a head by its agreement with others; clusters are matched for a consensus."""
        if self.settings.labelling.result == "head":
            return select_head(labels.numpy(), network.cluster_counts)
        return match_heads(network, self.clips, labels)

    def _resume_or_prepare(self) -> None:
        resumed = load_state(
            self.checkpoints, self.state, self.process_clips, self.steps, self.settings.seed,
            self.group,
        )  # fmt: skip
        if resumed:
            progress = self.state.progress
            require_no_more(
                self.training.epochs, progress.epoch, progress.step, self.checkpoints.folder
            )
            progress.bfloat16 &= self.machine.precision != "float32"
            log.info("resuming from epoch %d, step %d", progress.epoch + 1, progress.step + 1)
            return
        try:
            self._prepare()
        except Stopped:
            raise Stopped("nothing learned yet, run the same command to start again") from None

    def _train(self) -> None:
        progress, epochs = self.state.progress, self.training.epochs
        with Bar(
            total=epochs * self.steps,
            initial=progress.total,
            unit="step",
            disable=None if self.group.first else True,
        ) as bar:
            while progress.epoch < epochs:
                self._epoch(bar)

    def _epoch(self, bar: Bar) -> None:
        """Run the rest of the current epoch: update labels and write checkpoints when due."""
        progress, started = self.state.progress, time.monotonic()
        first_total, accumulation = progress.total, self.training.accumulation
        batches = self.labeller.batches(progress.epoch, progress.step * accumulation)
        self.network.train()
        while progress.step < self.steps:
            if progress.total in self.due:
                done = self.labeller.update(sum(step > progress.total for step in self.due))
                add(progress.sums, relabelled=1.0, changed=done.changed, iterations=done.iterations)
            loss = self._step(islice(batches, accumulation))
            progress.step += 1
            progress.total += 1
            bar.set_description(f"epoch {progress.epoch + 1}/{self.training.epochs}")
            bar.set_postfix(loss=f"{loss:.3f}", clips_s=f"{self._speed(first_total, started):.0f}")
            bar.update()
            epochs = self.training.epochs
            self.pace.step(epochs * self.steps - progress.total, epochs)
            self._save_if_due()
        self._finish_epoch(self._speed(first_total, started))

    def _step(self, batches: Iterator[list[Batch]]) -> float:
        """Learn from `accumulation` batches of every process: forward, backward, one update."""
        progress, optimizer = self.state.progress, self.state.optimizer
        share = 1 / self.training.accumulation
        for parameters in optimizer.param_groups:
            parameters["lr"] = self._rate()
        optimizer.zero_grad(set_to_none=True)
        sums = torch.zeros(len(self.network.modalities), device=self.group.device)
        for number, (batch, *others) in enumerate(batches, start=1):
            seen = batch.to(self.group.device)
            learnt, features = self.learner.gradients(
                seen,
                self.state.labels[seen.sample],
                share,
                last=number == self.training.accumulation,
                bfloat16=progress.bfloat16,
                others=[other.to(self.group.device) for other in others],
            )
            sums += share * torch.stack(list(learnt.losses.values()))
            self.state.count(learnt.log_p.argmax(-1))
            self.labeller.keep(seen.sample, [learnt.features, *features])
        values = (all_sum(sums) / self.group.world).tolist()
        loss = sum(values) / len(values)
        gradient = total_norm(p.grad for p in self.network.parameters() if p.grad is not None)
        where = f"epoch {progress.epoch + 1}, step {progress.step + 1}"
        remedy = "lower training.base_lr or lengthen training.warmup_epochs"
        check_step(loss, float(gradient), where, progress.bfloat16, remedy)
        optimizer.step()
        named = {f"loss_{m}": v for m, v in zip(self.network.modalities, values, strict=True)}
        add(progress.sums, steps=1.0, loss=loss, **named)
        return loss

    @torch.no_grad()
    def _prepare(self) -> None:
        """Choose the precision, warm up batch norm, and fill the feature stores."""
        self.group.seed(self.settings.seed)
        batches = self.labeller.batches(WARMUP_EPOCH, 0)
        count = self.training.warmup_batches
        for number, (batch, *_) in enumerate(islice(batches, max(1, count))):
            on_device = batch.to(self.group.device)
            if number == 0:
                with torch.enable_grad():
                    self.state.progress.bfloat16 = choose_bfloat16(
                        self.network, on_device, self.machine.precision, self.group
                    )
            if number < count:
                self.network.train()
                self.learner.warm_up(on_device, self.state.progress.bfloat16)
            self.stop.check(self.group)
        self.labeller.fill()
        if self.settings.labelling.first == "kmeans":
            self.state.labels.copy_(first_labels(self.settings, self.clips, self.group))

    def _finish_epoch(self, clips_per_second: float) -> None:
        progress, training = self.state.progress, self.training
        self.labeller.share_corrupt()
        predicted = all_sum(self.state.predicted)
        row = epoch_row(
            progress.epoch + 1,
            progress.sums,
            float(self.state.optimizer.param_groups[0]["lr"]),
            clips_per_second,
            self.network.modalities,
            largest_share(predicted),
            len(self.state.corrupt),
        )
        progress.history.append(row)
        progress.sums = {}
        predicted.zero_()
        progress.epoch += 1
        progress.step = 0
        left = (training.epochs - progress.epoch) * self.steps * self.step_clips
        log.info(sentence(row, training.epochs, left))
        shares = [row["largest_cluster"] for row in progress.history]
        check_predictions(shares, self.steps, self.state.sizes, training)
        if self.group.first:  # before the checkpoint, or a kill in between would lose it
            self.on_epoch(progress.history, self.state.labels)
        self._save()

    def _save_if_due(self) -> None:
        """Write a checkpoint in mid-epoch when it is due; raise Stopped on request."""
        self.stop.check(self.group)
        if self.checkpoints.due(self.group):
            self._save()

    def _save(self) -> None:
        self.labeller.share_corrupt()
        self.state.save(self.checkpoints, self.process_clips, self.group)

    def _rate(self) -> float:
        progress = self.state.progress
        epochs_done = progress.epoch + progress.step / self.steps
        return learning_rate(self.training, epochs_done, self.step_clips)

    def _speed(self, first_total: int, started: float) -> float:
        clips = (self.state.progress.total - first_total) * self.step_clips
        return clips / max(1e-9, time.monotonic() - started)
