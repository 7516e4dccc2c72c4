"""What a configuration asks for: how many clips, and a sample and rates to predict from."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from selavi.estimates.cost import Seconds
from selavi.rate_cache import RateCache
from selavi.settings import Config, RunSettings, parent_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClipRate:
    """Cost of one clip of a run.

    Attributes
    ----------
    train, infer : Seconds
        Of a training step, and of a pass.
    parameters : int
        Bytes of the network's weights.
    features : int
        Bytes of the clip's features, which a label update stores.
    """

    train: Seconds
    infer: Seconds
    parameters: int
    features: int


@dataclass(frozen=True)
class VideoRate:
    """Cost of one video on its way into a shard: CPU seconds, and bytes stored."""

    cpu_seconds: float
    stored: float


class Sample(Protocol):
    """A few videos of a dataset. `key` is part of the key of every rate measured on them."""

    key: str

    @property
    def index(self) -> Path:
        """Index of its clips. Raises UserError if none of the videos can be used."""

    @property
    def rate(self) -> VideoRate:
        """Measured rate of its videos."""


CLIP_RATE = TypeAdapter(ClipRate)


@dataclass(frozen=True)
class Workload:
    """A configuration that has not run yet; every stage predicts its cost from it.

    Attributes
    ----------
    config : Config
        The configuration.
    videos : mapping of (dataset, split) to int or None
        Videos of a split; None if unknown before its shards are there.
    stored : mapping of (dataset, split) to int
        Bytes of shards made elsewhere.
    samples : mapping of dataset to Sample
        Of the datasets that have videos of their own.
    measure : callable
        Measures the rate of a run on the clips of an index, which is None if it decodes none.
    cache : RateCache
        Rates measured before.
    """

    config: Config
    videos: Mapping[tuple[str, str], int | None]
    stored: Mapping[tuple[str, str], int]
    samples: Mapping[str, Sample]
    measure: Callable[[Path | None, RunSettings], ClipRate]
    cache: RateCache
    _rates: dict[str, ClipRate] = field(default_factory=dict)

    def clips(self, dataset: str, split: str) -> int:
        """Clips of a split, at most; 0 if unknown. A subset has at most those of its parent."""
        videos = self.videos[dataset, split]
        if videos is not None:
            return videos
        parent = parent_of(dataset, self.config.datasets[dataset].splits[split])
        return self.clips(*parent) if parent else 0

    def sample(self, dataset: str) -> Sample:
        """The dataset's sample, or else another dataset's."""
        return self.samples.get(dataset) or next(iter(self.samples.values()))

    def rate(self, name: str) -> ClipRate:
        """Rate of a run, measured once for all runs of the same speed."""
        run = self.config.runs[name]
        sample = self.sample(run.dataset) if run.decoded else None
        speed = speed_key(run)

        def measure() -> ClipRate:
            log.info("measuring a step of run %s", name)
            return self.measure(sample.index if sample else None, run)

        if speed not in self._rates:
            key = ("train", sample.key if sample else "", speed, run.network)
            self._rates[speed] = self.cache.get(CLIP_RATE, key, measure)
        return self._rates[speed]


def speed_key(run: RunSettings) -> str:
    """Equal for runs whose clips take the same time: the runs of an ablation are measured once."""
    encoders = (run.network.video_encoder, run.network.audio_encoder)
    return repr((run.modalities, run.video, run.audio, encoders, run.machine.precision))
