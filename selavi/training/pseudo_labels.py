"""Pseudo-labels during training: features of passes, and label updates of all heads."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice

from torch import Tensor

from selavi.batch import Batch
from selavi.data.sampling import Clips, pass_batches, training_batches
from selavi.engine.process_group import Group
from selavi.engine.stop import Stopped, StopRequest
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.relabel import Relabelling, relabel
from selavi.models.network import Features, Network
from selavi.settings import RunSettings
from selavi.training.collapse import check_labels
from selavi.training.state import State

log = logging.getLogger(__name__)

STOP_BATCHES = 8  # of a pass, between two checks for a stop request


class Labeller:
    """Updates a run's labels, from features kept in training (source: epoch) or from a new pass.

    Parameters
    ----------
    clips : Clips
        Of the training split.
    settings : RunSettings
        Of the run.
    group : Group
        The process group.
    network : Network
        The network in training.
    state : State
        Its labels, stores and corrupt clips are updated in place.
    stop : StopRequest
        Asked between the batches of a pass.
    """

    def __init__(
        self,
        clips: Clips,
        settings: RunSettings,
        group: Group,
        network: Network,
        state: State,
        stop: StopRequest,
    ) -> None:
        self.clips, self.settings, self.group = clips, settings, group
        self.network, self.state, self.stop = network, state, stop

    def update(self, later: int) -> Relabelling:
        """Make new labels for all clips (paper, section 3.1); the first time, align the modalities.

        Parameters
        ----------
        later : int
            Label updates still planned after this one.

        Returns
        -------
        Relabelling
            What the label update did.

        Raises
        ------
        Diverged
            If the labels have collapsed after the warm-up: before, an untrained network may hardly
            tell clips apart, and recover.
        Stopped
            On all ranks, if any is asked to stop during a pass; then the labels stay as they were.
        """
        progress, labelling = self.state.progress, self.settings.labelling
        with self._all_or_nothing():
            done = relabel(
                self.network,
                self._store_of_group,
                self.state.labels,
                self.state.sizes,
                labelling,
                self.state.groups,
                align=labelling.align and progress.relabellings == 0,
            )
        progress.relabellings += 1
        number = progress.relabellings
        log.info("label update %d/%d: %s", number, number + later, done)
        if progress.epoch >= self.settings.training.warmup_epochs:
            check_labels(
                self.state.labels,
                self.state.sizes,
                self.settings.training,
                f"epoch {progress.epoch + 1}, before step {progress.step + 1}",
            )
        return done

    def batches(self, epoch: int, first: int) -> Iterator[list[Batch]]:
        """Load the batches of an epoch.

        Parameters
        ----------
        epoch : int
            From 0.
        first : int
            Batches of this rank to skip.

        Returns
        -------
        iterator of list of Batch
            The batch to learn from, then the same clips in another view for each further store.
        """
        training = self.settings.training
        views = max(1, len(self.state.stores))
        batches = training_batches(
            self.clips,
            seed=self.settings.seed,
            epoch=epoch,
            views=views,
            batch_size=training.batch_size,
            rank=self.group.rank,
            world=self.group.world,
            first_step=first,
            workers=self.settings.machine.workers,
            device=self.group.device,
        )
        return (batch.by_view(views) for batch in self.state.corrupt.counted(batches))

    def fill(self) -> None:
        """Fill the stores with a pass for each head group, if features are kept."""
        if self.settings.labelling.source == "epoch":
            groups = range(self.settings.labelling.groups)
            self.state.stores.extend(self._pass(number) for number in groups)

    def keep(self, samples: Tensor, features: Sequence[Features]) -> None:
        """Store the features of clips just learned from: the epoch is the first group's pass.

        Parameters
        ----------
        samples : Tensor
            (B,) int64.
        features : sequence of Features
            Of each head group's view of the clips.
        """
        for store, rows in zip(self.state.stores, features, strict=bool(self.state.stores)):
            store.update(samples, rows)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Undo a partial update on a stop: labels of the first groups, the order of the heads."""
        state, heads = self.state, self.network.heads
        labels, groups = state.labels.clone(), state.groups.get_state()
        weights = deepcopy(heads.state_dict())
        try:
            yield
        except Stopped:
            state.labels.copy_(labels)
            state.groups.set_state(groups)
            heads.load_state_dict(weights)
            raise

    def _store_of_group(self, number: int) -> FeatureStore:
        if self.settings.labelling.source == "epoch":
            return self.state.stores[number]
        return self._pass(
            self.state.progress.relabellings * self.settings.labelling.groups + number
        )

    def _pass(self, number: int) -> FeatureStore:
        """Features of this rank's clips, in views drawn for this pass."""
        log.debug("pass %d over the clips", number)
        batch_size = self.settings.training.batch_size
        share = -(-len(self.clips) // self.group.world)  # of the clips, the largest
        batches = pass_batches(
            self.clips,
            batch_size=batch_size,
            augmented=(self.settings.seed, number),
            rank=self.group.rank,
            world=self.group.world,
            workers=self.settings.machine.workers,
            device=self.group.device,
        )
        whole = self.state.corrupt.counted(batches)
        store = FeatureStore.from_pass(
            self.network,
            while_wanted(whole, -(-share // batch_size), self.stop, self.group),
            self.group.device,
            self.state.progress.bfloat16,
        )
        self.share_corrupt()
        return store

    def share_corrupt(self) -> None:
        """Tell all ranks which clips any rank found corrupt.

        Raises
        ------
        UserError
            With the list, if there are more than `max_corrupt` allows.
        """
        self.state.corrupt.merge(self.group.gather(list(self.state.corrupt.found)))


def while_wanted(
    batches: Iterator[Batch], most: int, stop: StopRequest, group: Group
) -> Iterator[Batch]:
    """Yield the batches of a pass, and check for a stop request between them.

    Parameters
    ----------
    batches : iterator of Batch
        Batches of this rank.
    most : int
        The largest number of batches that any rank has. A rank has fewer if its share is smaller or
        a whole batch is corrupt; it checks as often as the others all the same.
    stop : StopRequest
        The stop request of this rank.
    group : Group
        The process group, whose ranks stop together.

    Yields
    ------
    Batch
        The same batches.

    Raises
    ------
    Stopped
        On all ranks, if any is asked to stop.
    """
    for _ in range(0, most, STOP_BATCHES):
        yield from islice(batches, STOP_BATCHES)
        stop.check(group)
