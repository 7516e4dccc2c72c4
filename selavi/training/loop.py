"""Pretraining: alternate between labelling the clips and learning the labels (paper, section 3)."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Never

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from selavi.data.loader import Clips, pass_batches, training_batches
from selavi.labelling.collectives import all_sum
from selavi.labelling.features import FeatureStore
from selavi.labelling.marginals import draw_sizes
from selavi.labelling.relabel import Relabelling, relabel
from selavi.labelling.schedule import relabelling_steps
from selavi.models.checkpoint import build_network
from selavi.models.network import Features, Network
from selavi.records import Batch
from selavi.settings import RunSettings, require_enough
from selavi.training.distributed import Group
from selavi.training.optim import learning_rate, make_optimizer
from selavi.training.precision import bfloat16_is_sound
from selavi.training.signals import Stopped, StopRequest
from selavi.training.state import State, load_state, remove_state, save_state

log = logging.getLogger(__name__)

WARMUP_EPOCH = 2**31  # an epoch number that training never reaches: batches of its own


@dataclass(frozen=True)
class Trained:
    """The trained network, the last labels (N, H) int64, and a row of figures per epoch."""

    network: Network
    labels: Tensor
    history: list[dict[str, float]]
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
        on_epoch: Callable[[list[dict[str, float]]], None],
    ) -> None:
        require_enough(settings.dataset, settings, len(clips))
        self.clips, self.settings, self.folder = clips, settings, folder
        self.group, self.stop, self.on_epoch = group, stop, on_epoch
        training = settings.training
        self.steps = len(clips) // (training.batch_size * group.world)
        if self.steps == 0:
            raise ValueError(
                f"{len(clips)} clips do not fill one step of training.batch_size = "
                f"{training.batch_size} on {group.world} processes"
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
        self.saved_at = time.monotonic()

    def run(self) -> Trained:
        """Train from the newest state, or from the start. Raises Stopped if asked to stop."""
        progress, epochs = self.state.progress, self.settings.training.epochs
        if load_state(self.folder, self.state, self.fingerprint(), self.group):
            progress = self.state.progress
            log.info("going on from epoch %d, step %d", progress.epoch, progress.step)
        else:
            remove_state(self.folder, self.group)
            self._prepare()
        with tqdm(
            total=epochs * self.steps, initial=progress.total, unit="step", disable=None
        ) as bar:
            while progress.epoch < epochs:
                self._epoch(bar)
        return Trained(
            self.network.cpu().eval(), self.state.labels.cpu(), progress.history, progress.total
        )

    def _epoch(self, bar: "tqdm[Never]") -> None:
        """The rest of the current epoch: relabel if due, forward, backward, step."""
        progress, started = self.state.progress, time.monotonic()
        self.learner.train()
        first_total = progress.total
        self._renew_passes()
        for batch in self._training_batches(progress.epoch, progress.step):
            if progress.total in self.due:
                self._relabel()
            loss = self._step(batch.to(self.group.device))
            progress.step += 1
            progress.total += 1
            bar.set_description(f"epoch {progress.epoch + 1}/{self.settings.training.epochs}")
            bar.set_postfix(loss=f"{loss:.3f}", clips_s=f"{self._speed(first_total, started):.0f}")
            bar.update()
            self._save_if_due()
        progress.sums["clips_per_second"] = self._speed(first_total, started)
        self._finish_epoch()

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
        self._keep(batch.sample, features)
        value = float(loss.detach())
        if value != value:
            raise ValueError(
                f"the loss is not a number in epoch {progress.epoch + 1}; "
                "lower training.base_lr, or use training.precision: float32"
            )
        self._add(loss=value, **{f"loss_{m}": float(v.detach()) for m, v in losses.items()})
        return value

    def _relabel(self) -> None:
        """Renew the labels (paper, section 3.1); the first time, align the modalities too."""
        progress, settings = self.state.progress, self.settings.labelling
        first = progress.relabellings == 0
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
        self._add(relabelled=1.0, changed=done.changed, iterations=float(done.iterations))
        log.debug("labels renewed before step %d: %s", progress.total, done)

    def _store_of_group(self, number: int) -> FeatureStore:
        if self.settings.labelling.source == "epoch":
            return self.state.stores[number]
        groups = self.settings.labelling.groups
        return self._pass(self.state.progress.relabellings * groups + number)

    def _renew_passes(self) -> None:
        """At the start of an epoch in which labels are due: groups beyond the first look anew."""
        progress, stores = self.state.progress, self.state.stores
        due = any(progress.total <= step < progress.total + self.steps for step in self.due)
        if progress.step == 0 and progress.epoch > 0 and due:
            for group in range(1, len(stores)):
                stores[group] = self._pass(progress.epoch * len(stores) + group)

    def _pass(self, number: int) -> FeatureStore:
        """Features of this rank's clips, seen through augmentations of the pass's own."""
        batches = pass_batches(
            self.clips,
            batch_size=self.settings.training.batch_size,
            augmented=(self.settings.seed, number),
            rank=self.group.rank,
            world=self.group.world,
            workers=self.settings.training.workers,
        )
        return FeatureStore.from_pass(
            self.network, batches, self.group.device, self.state.progress.bfloat16
        )

    def _keep(self, samples: Tensor, features: Features) -> None:
        """The training epoch is the first group's pass, if labels come from epochs."""
        if self.state.stores:
            self.state.stores[0].update(samples, features)

    @torch.no_grad()
    def _prepare(self) -> None:
        """Check bfloat16, warm up batch norm, and fill the stores."""
        training = self.settings.training
        torch.manual_seed(self.settings.seed * 1_000_003 + self.group.rank)
        batches = self._training_batches(WARMUP_EPOCH, 0)
        for number, batch in enumerate(islice(batches, max(1, training.warmup_batches))):
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

    def _training_batches(self, epoch: int, first_step: int) -> Iterator[Batch]:
        training = self.settings.training
        return training_batches(
            self.clips,
            seed=self.settings.seed,
            epoch=epoch,
            batch_size=training.batch_size,
            rank=self.group.rank,
            world=self.group.world,
            first_step=first_step,
            workers=training.workers,
        )

    def _finish_epoch(self) -> None:
        progress = self.state.progress
        sums = dict(progress.sums)
        steps, relabelled = sums.pop("steps"), sums.pop("relabelled", 0.0)
        row = {
            "epoch": float(progress.epoch + 1),
            "learning_rate": float(self.state.optimizer.param_groups[0]["lr"]),
            "loss": self._mean(sums["loss"], steps),
        }
        row |= {f"loss_{m}": self._mean(sums[f"loss_{m}"], steps) for m in self.network.modalities}
        row["relabellings"] = relabelled
        row["labels_changed"] = sums["changed"] / relabelled if relabelled else 0.0
        row["sinkhorn_iterations"] = sums["iterations"] / relabelled if relabelled else 0.0
        row["clips_per_second"] = sums["clips_per_second"]
        progress.history.append(row)
        progress.sums = {}
        progress.epoch += 1
        progress.step = 0
        log.info(
            "epoch %d of %d: loss %.3f, labels renewed %d times (%.1f %% changed), %.0f clips/s",
            progress.epoch, self.settings.training.epochs, row["loss"], relabelled,
            100 * row["labels_changed"], row["clips_per_second"],
        )  # fmt: skip
        self._save()
        if self.group.first:
            self.on_epoch(progress.history)

    def _save_if_due(self) -> None:
        """Save in mid-epoch when it is time, or when asked to stop."""
        if self.group.any(self.stop.requested):
            self._save()
            raise Stopped
        minutes = (time.monotonic() - self.saved_at) / 60
        if self.group.any(minutes >= self.settings.training.checkpoint_minutes):
            self._save()

    def _save(self) -> None:
        save_state(self.folder, self.state, self.fingerprint(), self.group)
        self.saved_at = time.monotonic()

    def _add(self, **values: float) -> None:
        sums = self.state.progress.sums
        if "loss" in values:
            sums["steps"] = sums.get("steps", 0.0) + 1
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value

    def _mean(self, total: float, steps: float) -> float:
        return float(all_sum(torch.tensor(total, device=self.group.device))) / (
            steps * self.group.world
        )

    def _speed(self, first_total: int, started: float) -> float:
        clips = (self.state.progress.total - first_total) * self.settings.training.batch_size
        return clips * self.group.world / max(1e-9, time.monotonic() - started)

    def fingerprint(self) -> str:
        """Identifies what the state belongs to: the settings and the clips."""
        keys = "\n".join(self.clips.index["id"])
        text = self.settings.model_dump_json() + keys
        return hashlib.sha256(text.encode()).hexdigest()

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
            labels=torch.zeros(
                len(self.clips), network.heads, dtype=torch.int64, device=self.group.device
            ),
            sizes=torch.stack(sizes).to(self.group.device),
            stores=[],
            groups=generator,
        )


def heads_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, mean over heads and clips: logits (H, B, K), labels (B, H)."""
    return F.cross_entropy(logits.flatten(0, 1), labels.T.flatten())
