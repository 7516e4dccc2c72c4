"""Pretraining: alternate between labelling the clips and learning the labels (paper, section 3)."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Never

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from selavi.data.loader import Clips, pass_batches, training_batches
from selavi.distributed import Group
from selavi.labelling.features import FeatureStore
from selavi.labelling.marginals import draw_sizes
from selavi.labelling.relabel import Relabelling, relabel
from selavi.labelling.schedule import relabelling_steps
from selavi.models.checkpoint import build_network
from selavi.models.network import Network
from selavi.models.precision import bfloat16_is_sound
from selavi.records import Batch
from selavi.settings import RunSettings, require_enough
from selavi.signals import Stopped, StopRequest
from selavi.training.history import Row, add, epoch_row, sentence
from selavi.training.loss import heads_loss
from selavi.training.optim import learning_rate, make_optimizer
from selavi.training.state import State, fingerprint, load_state, save_state

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
        self.clips, self.settings, self.folder = clips, settings, folder
        self.group, self.stop, self.on_epoch = group, stop, on_epoch
        training = settings.training
        self.steps = len(clips) // (training.batch_size * group.world)
        if self.steps == 0:
            raise ValueError(
                f"{len(clips)} clips do not fill a step of {group.world} x training.batch_size = "
                f"{training.batch_size}"
            )
        if training.threads:
            torch.set_num_threads(training.threads)
        self.due = relabelling_steps(
            settings.labelling.optimisations,
            settings.labelling.power,
            training.epochs * self.steps,
        )
        torch.manual_seed(settings.seed)
        self.network = build_network(settings).to(group.device)
        self.state = self._fresh_state()
        self.learner: nn.Module = self.network
        if group.world > 1:
            if group.device.type == "cuda":  # torch has no SyncBatchNorm for CPUs
                nn.SyncBatchNorm.convert_sync_batchnorm(self.network)
            self.learner = DistributedDataParallel(self.network)
        self.fingerprint = fingerprint(settings, clips.index)
        self.saved_at = time.monotonic()

    def run(self) -> Trained:
        """Train from the newest state, or from the start. Raises Stopped if asked to stop."""
        progress, epochs = self.state.progress, self.settings.training.epochs
        if load_state(self.folder, self.state, self.fingerprint, self.group):
            progress = self.state.progress
            log.info("going on from epoch %d, step %d", progress.epoch, progress.step)
        else:
            self._prepare()
        with tqdm(
            total=epochs * self.steps,
            initial=progress.total,
            unit="step",
            disable=None if self.group.first else True,
        ) as bar:
            while progress.epoch < epochs:
                self._epoch(bar)
        labels, sizes = self.state.labels.cpu(), self.state.sizes.cpu()
        network = self.network.cpu().eval()
        return Trained(network, labels, sizes, progress.history, progress.total)

    def _epoch(self, bar: "tqdm[Never]") -> None:
        """The rest of the current epoch: relabel if due, forward, backward, step."""
        progress, started = self.state.progress, time.monotonic()
        self.learner.train()
        first_total = progress.total
        for batch, *others in self._batches(progress.epoch, progress.step):
            if progress.total in self.due:
                self._relabel()
            loss = self._step(batch.to(self.group.device))
            self._look_again(others)
            progress.step += 1
            progress.total += 1
            bar.set_description(f"epoch {progress.epoch + 1}/{self.settings.training.epochs}")
            bar.set_postfix(loss=f"{loss:.3f}", clips_s=f"{self._speed(first_total, started):.0f}")
            bar.update()
            self._save_if_due()
        self._finish_epoch(self._speed(first_total, started))

    def _step(self, batch: Batch) -> float:
        progress, optimizer = self.state.progress, self.state.optimizer
        rate = learning_rate(
            self.settings.training, progress.epoch + progress.step / self.steps, self.group.world
        )
        for parameters in optimizer.param_groups:
            parameters["lr"] = rate
        features, logits = self.learner(batch, progress.bfloat16)
        losses = {
            m: heads_loss(rows, self.state.labels[batch.sample]) for m, rows in logits.items()
        }
        loss = torch.stack(list(losses.values())).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if self.state.stores:  # the training epoch is the first group's pass
            self.state.stores[0].update(batch.sample, features)
        value = float(loss.detach())
        if self.group.any(value != value):
            raise ValueError(
                f"the loss is not a number in epoch {progress.epoch + 1}; "
                "lower training.base_lr, or use training.precision: float32"
            )
        of_modality = {f"loss_{m}": float(v.detach()) for m, v in losses.items()}
        add(progress.sums, steps=1.0, loss=value, **of_modality)
        return value

    def _relabel(self) -> None:
        """Renew the labels (paper, section 3.1); the first time, align the modalities too."""
        progress, settings = self.state.progress, self.settings.labelling
        first = progress.relabellings == 0
        self.group.share_buffers(self.network)
        done: Relabelling = relabel(
            self.network,
            self._store_of_group,
            self.state.labels,
            self.state.sizes,
            settings,
            self.state.groups,
            align=settings.align and first,
        )
        progress.relabellings += 1
        add(progress.sums, relabelled=1.0, changed=done.changed, iterations=done.iterations)
        log.debug("labels renewed before step %d: %s", progress.total, done)

    def _store_of_group(self, number: int) -> FeatureStore:
        if self.settings.labelling.source == "epoch":
            return self.state.stores[number]
        groups = self.settings.labelling.groups
        return self._pass(self.state.progress.relabellings * groups + number)

    def _pass(self, number: int) -> FeatureStore:
        """Features of this rank's clips, seen through augmentations of the pass's own."""
        batches = pass_batches(
            self.clips,
            batch_size=self.settings.training.batch_size,
            augmented=(self.settings.seed, number),
            rank=self.group.rank,
            world=self.group.world,
            workers=self.settings.training.workers,
            device=self.group.device,
        )
        store = FeatureStore.from_pass(
            self.network, batches, self.group.device, self.state.progress.bfloat16
        )
        self.clips.merge_corrupt(self.group.gather(list(self.clips.corrupt)))
        return store

    def _look_again(self, others: Sequence[Batch]) -> None:
        """Batches of the further groups' passes: their features are kept, nothing is learnt."""
        for store, batch in zip(self.state.stores[1:], others, strict=True):
            features = FeatureStore.from_pass(
                self.network, [batch], self.group.device, self.state.progress.bfloat16
            )
            store.update(features.samples, features.rows)

    @torch.no_grad()
    def _prepare(self) -> None:
        """Check bfloat16, warm up batch norm, and fill the stores."""
        training = self.settings.training
        torch.manual_seed(self.settings.seed * 1_000_003 + self.group.rank)
        batches = self._batches(WARMUP_EPOCH, 0)
        for number, (batch, *_) in enumerate(islice(batches, max(1, training.warmup_batches))):
            on_device = batch.to(self.group.device)
            if number == 0 and training.precision == "bfloat16":
                with torch.enable_grad():
                    sound = bfloat16_is_sound(self.network, on_device)
                self.state.progress.bfloat16 = not self.group.any(not sound)
            if number < training.warmup_batches:
                self.network.train()
                self.network(on_device, self.state.progress.bfloat16)
        if self.settings.labelling.source == "epoch":
            groups = range(self.settings.labelling.groups)
            self.state.stores.extend(self._pass(number) for number in groups)

    def _batches(self, epoch: int, first_step: int) -> Iterator[tuple[Batch, ...]]:
        """Per step, the batch to learn from and, for each further store, one to look at."""
        training = self.settings.training
        kinds = max(1, len(self.state.stores))
        workers = -(-training.workers // kinds)
        return zip(
            *(
                training_batches(
                    self.clips,
                    seed=self.settings.seed,
                    epoch=epoch,
                    views=kind,
                    batch_size=training.batch_size,
                    rank=self.group.rank,
                    world=self.group.world,
                    first_step=first_step,
                    workers=workers,
                    device=self.group.device,
                )
                for kind in range(kinds)
            ),
            strict=True,
        )

    def _finish_epoch(self, clips_per_second: float) -> None:
        progress = self.state.progress
        self.clips.merge_corrupt(self.group.gather(list(self.clips.corrupt)))
        row = epoch_row(
            progress.epoch + 1,
            self.group.mean(progress.sums),
            float(self.state.optimizer.param_groups[0]["lr"]),
            clips_per_second,
            self.network.modalities,
        )
        progress.history.append(row)
        progress.sums = {}
        progress.epoch += 1
        progress.step = 0
        log.info(sentence(row, self.settings.training.epochs))
        self._save()
        if self.group.first:
            self.on_epoch(progress.history, self.state.labels)

    def _save_if_due(self) -> None:
        """Save in mid-epoch when it is time, or when asked to stop."""
        if self.group.any(self.stop.requested):
            self._save()
            raise Stopped
        seconds = time.monotonic() - self.saved_at
        if self.group.any(seconds >= 60 * self.settings.training.checkpoint_minutes):
            self._save()

    def _save(self) -> None:
        self.group.share_buffers(self.network)
        save_state(self.folder, self.state, self.fingerprint, self.group)
        self.saved_at = time.monotonic()

    def _speed(self, first_total: int, started: float) -> float:
        clips = (self.state.progress.total - first_total) * self.settings.training.batch_size
        return clips * self.group.world / max(1e-9, time.monotonic() - started)

    def _fresh_state(self) -> State:
        network, labelling = self.settings.network, self.settings.labelling
        generator = torch.Generator().manual_seed(self.settings.seed)
        sizes = [
            draw_sizes(labelling.marginals, network.clusters, labelling.gaussian_sd, generator)
            for _ in range(network.heads)
        ]
        return State(
            network=self.network,
            optimizer=make_optimizer(self.network.parameters(), self.settings.training),
            labels=torch.full(
                (len(self.clips), network.heads), -1, dtype=torch.int64, device=self.group.device
            ),
            sizes=torch.stack(sizes).to(self.group.device),
            stores=[],
            groups=generator,
        )
