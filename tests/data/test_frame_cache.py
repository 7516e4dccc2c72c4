"""Frames kept in memory: the same batches, and nothing decoded twice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from selavi.data.frame_cache import FrameCache
from selavi.data.sampling import Clips, open_clips, training_batches
from selavi.settings import RunSettings

Run = Callable[..., RunSettings]
OPTIONS = {"seed": 3, "batch_size": 8, "views": 2}


@pytest.fixture(params=[True, False], ids=["grey", "colour"])
def clips(train_index: Path, tiny_run: Run, request: pytest.FixtureRequest) -> Clips:
    return open_clips(train_index, tiny_run(video={"grey": request.param}))


def frames_of(clips: Clips) -> FrameCache:
    return clips.frames


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("cache_gb", [1.0, 1e-3])
def test_the_same_batches(clips: Clips, workers: int, cache_gb: float) -> None:
    cached = replace(clips, cache_gb=cache_gb)
    for epoch in range(3):
        pairs = zip(
            training_batches(clips, epoch=epoch, **OPTIONS),
            training_batches(cached, epoch=epoch, workers=workers, **OPTIONS),
            strict=True,
        )
        for one, other in pairs:
            assert torch.equal(one.sample, other.sample)
            assert torch.equal(one.of("video"), other.of("video"))
            assert torch.equal(one.of("audio"), other.of("audio"))
    frames = clips.numbers["frames"]
    kept = frames_of(cached)
    assert kept.present.sum() == frames[: kept.clips].sum()  # worker processes filled it
    assert kept.clips == len(clips) if cache_gb == 1.0 else 0 < kept.clips < len(clips)
    assert len(kept.memory) <= 1e9 * cache_gb
    assert frames_of(clips).clips == 0


def test_later_epochs_decode_nothing(clips: Clips, tmp_path: Path) -> None:
    """With every byte of the stored videos overwritten after the first epoch."""
    for tar in clips.shards[0]:
        (tmp_path / tar.name).write_bytes(tar.read_bytes())
    cached = replace(clips, folder=tmp_path, cache_gb=1.0)
    assert len(list(training_batches(cached, epoch=0, **OPTIONS))) == 3
    tars, shard_of = cached.shards
    for sample, shard in enumerate(shard_of.tolist()):
        with tars[shard].open("r+b") as file:
            file.seek(cached.numbers["video_offset"][sample])
            file.write(bytes(cached.numbers["video_size"][sample]))
    expected = training_batches(clips, epoch=1, **OPTIONS)
    for one, other in zip(expected, training_batches(cached, epoch=1, **OPTIONS), strict=True):
        assert torch.equal(one.of("video"), other.of("video"))
        assert torch.equal(one.of("audio"), other.of("audio"))
        assert not other.corrupt


def test_views_lie_side_by_side(clips: Clips) -> None:
    """The first view is that of a loader of one view, the second another of the same clip."""
    alone = next(iter(training_batches(clips, epoch=0, seed=3, batch_size=8)))
    first, second = next(iter(training_batches(clips, epoch=0, **OPTIONS))).by_view(2)
    assert torch.equal(first.sample, alone.sample)
    assert torch.equal(second.sample, alone.sample)
    assert torch.equal(first.of("video"), alone.of("video"))
    assert torch.equal(first.of("audio"), alone.of("audio"))
    assert not torch.equal(second.of("video"), first.of("video"))
