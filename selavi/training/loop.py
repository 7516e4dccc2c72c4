"""Pretraining: alternate between labelling the clips and learning the labels (paper, section 3)."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm as total_norm

from selavi.batch import Batch
from selavi.data.sampling import Clips
from selavi.distributed import Group
from selavi.labelling.marginals import draw_marginals
from selavi.labelling.schedule import relabelling_steps
from selavi.models.checkpoint import build_network
from selavi.models.network import Network
from selavi.models.precision import choose_bfloat16
from selavi.progress import Bar
from selavi.settings import RunSettings, require_enough, require_no_more
from selavi.signals import Stopped, StopRequest
from selavi.training.checkpoint import Saves, State
from selavi.training.divergence import (
    Diverged,
    check_predictions,
    check_step,
    largest_share,
    refuse_again,
    remember,
)
from selavi.training.history import Row, add, epoch_row, sentence
from selavi.training.optim import clips_per_step, learning_rate, make_optimizer
from selavi.training.pace import Pace
from selavi.training.pseudo_labels import Labeller
from selavi.training.resume import fingerprint, load_state
from selavi.training.step import Learner

log = logging.getLogger(__name__)

WARMUP_EPOCH = 2**31  # an epoch number that training never reaches: batches of its own


@dataclass(frozen=True)
class Trained:
    """The network, the last labels (N, H) int64, the clusters' due shares (H, K), and the log."""

    network: Network
    labels: Tensor
    sizes: Tensor
    history: list[Row]
    steps: int


class Trainer:
    """One run of one process: the objects that the loop's steps share."""

    def __init__(
        self,
        clips: Clips,
        settings: RunSettings,
        folder: Path,
        group: Group,
        stop: StopRequest,
        on_epoch: Callable[[list[Row], Tensor], None],
    ) -> None:
        require_enough(folder.parent.name, settings, len(clips))
        self.settings, self.training = settings, settings.training
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
        self.due = relabelling_steps(
            settings.labelling.optimisations,
            settings.labelling.power,
            self.training.epochs * self.steps,
        )
        if self.machine.threads:
            torch.set_num_threads(self.machine.threads)
        torch.manual_seed(settings.seed)
        self.network = build_network(settings).to(group.device)
        self.learner = Learner(self.network, group, self.machine.compile)
        self.state = _fresh_state(self.network, settings, clips, group.device)
        self.labeller = Labeller(clips, settings, group, self.network, self.state, stop)
        process_clips = self.step_clips // group.world
        key = fingerprint(settings, clips.index)
        self.saves = Saves(folder, key, process_clips, self.machine.checkpoints_kept)
        changeable = (self.training.epochs, self.training.collapse, self.machine.precision)
        self.end = f"{key} {self.step_clips} {changeable}"
        self.saved_at = time.monotonic()
        self.pace = Pace(self.step_clips)

    def run(self) -> Trained:
        """Train from the newest save, or from the start.

        Raises Stopped if asked to stop, Diverged if the loss is not finite or clusters collapse,
        and UserError if that has come of the same settings before.
        """
        refuse_again(self.saves.folder, self.end, self.group)
        if load_state(self.saves, self.state, self.steps, self.settings.seed, self.group):
            place = self.state.progress
            require_no_more(self.training.epochs, place.epoch, place.step, self.saves.folder)
            place.bfloat16 &= self.machine.precision != "float32"
            log.info("going on from epoch %d, step %d", place.epoch + 1, place.step + 1)
        else:
            try:
                self._prepare()
            except Stopped:
                raise Stopped("nothing was learnt yet, the same command starts anew") from None
        try:
            self._train()
        except Stopped:
            self._save()
            raise
        except Diverged as error:
            if self.group.first:
                remember(error, self.saves.folder, self.end)
            raise
        progress = self.state.progress
        labels, sizes = self.state.labels.cpu(), self.state.sizes.cpu()
        network = self.network.cpu().eval()
        return Trained(network, labels, sizes, progress.history, progress.total)

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
        """The rest of the current epoch: relabel if due, learn, save if due."""
        progress, started = self.state.progress, time.monotonic()
        first_total, accumulation = progress.total, self.training.accumulation
        batches = self.labeller.batches(progress.epoch, progress.step * accumulation)
        self.network.train()
        while progress.step < self.steps:
            if progress.total in self.due:
                done = self.labeller.renew()
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
        values = (self.group.sum(sums) / self.group.world).tolist()
        loss = sum(values) / len(values)
        gradient = total_norm(p.grad for p in self.network.parameters() if p.grad is not None)
        where = f"epoch {progress.epoch + 1}, step {progress.step + 1}"
        check_step(loss, float(gradient), where, progress.bfloat16)
        optimizer.step()
        named = {f"loss_{m}": v for m, v in zip(self.network.modalities, values, strict=True)}
        add(progress.sums, steps=1.0, loss=loss, **named)
        return loss

    @torch.no_grad()
    def _prepare(self) -> None:
        """Check bfloat16, warm up batch norm, and fill the stores."""
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
            if self.group.any(self.stop.requested):
                raise Stopped
        self.labeller.fill()

    def _finish_epoch(self, clips_per_second: float) -> None:
        progress, training = self.state.progress, self.training
        self.labeller.share_corrupt()
        predicted = self.group.sum(self.state.predicted)
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
        log.info(sentence(row, training.epochs))
        shares = [row["largest_cluster"] for row in progress.history]
        check_predictions(shares, self.steps, self.state.sizes, training)
        if self.group.first:  # before the save: a kill in between would leave this epoch untold
            self.on_epoch(progress.history, self.state.labels)
        self._save()

    def _save_if_due(self) -> None:
        """Save in mid-epoch when it is time; raise Stopped on all ranks if any is asked to stop."""
        if self.group.any(self.stop.requested):
            raise Stopped
        seconds = time.monotonic() - self.saved_at
        if self.group.any(seconds >= 60 * self.machine.checkpoint_minutes):
            self._save()

    def _save(self) -> None:
        self.labeller.share_corrupt()
        self.saves.write(self.state, self.group)
        self.saved_at = time.monotonic()

    def _rate(self) -> float:
        progress = self.state.progress
        epochs_done = progress.epoch + progress.step / self.steps
        return learning_rate(self.training, epochs_done, self.step_clips)

    def _speed(self, first_total: int, started: float) -> float:
        clips = (self.state.progress.total - first_total) * self.step_clips
        return clips / max(1e-9, time.monotonic() - started)


def _fresh_state(
    network: Network, settings: RunSettings, clips: Clips, device: torch.device
) -> State:
    heads, clusters = settings.network.heads, settings.network.clusters
    labelling = settings.labelling
    generator = torch.Generator().manual_seed(settings.seed)
    sizes = [
        draw_marginals(labelling.marginals, clusters, labelling.gaussian_sd, generator)
        for _ in range(heads)
    ]
    return State(
        network=network,
        optimizer=make_optimizer(network.parameters(), settings.training),
        labels=torch.full((len(clips), heads), -1, dtype=torch.int64, device=device),
        sizes=torch.stack(sizes).to(device),
        predicted=torch.zeros(heads, clusters, dtype=torch.int64, device=device),
        stores=[],
        groups=generator,
        corrupt=clips.corrupt,
    )
