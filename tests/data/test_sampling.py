import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selavi.batch import Batch
from selavi.data.sampling import (
    Clips,
    epoch_order,
    open_clips,
    pass_batches,
    rank_share,
    training_batches,
)
from selavi.data.shards.decode import decode_frames
from selavi.files import UserError
from selavi.settings import RunSettings
from tests.conftest import make_split

Run = Callable[..., RunSettings]


@pytest.fixture
def clips(train_index: Path, tiny_run: Run) -> Clips:
    return open_clips(train_index, tiny_run())


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 300), seed=st.integers(0, 99))
def test_an_epoch_has_every_sample_once(count: int, seed: int) -> None:
    order = epoch_order(count, seed, epoch=3)
    assert sorted(order.tolist()) == list(range(count))
    assert (order == epoch_order(count, seed, epoch=3)).all()
    if count > 20:
        assert (order != epoch_order(count, seed, epoch=4)).any()
        assert (order != epoch_order(count, seed + 1, epoch=3)).any()


def test_batches_of_shards_sorted_by_class_hold_as_many_classes_as_any() -> None:
    """309 classes in order, batches of 256."""
    count, classes, size = 61_800, 309, 256
    labels = np.arange(count) * classes // count
    order = epoch_order(count, seed=31, epoch=0)
    batches = labels[order[: count // size * size]].reshape(-1, size)
    found = np.mean([len(np.unique(batch)) for batch in batches])
    expected = classes * (1 - (1 - 1 / classes) ** size)  # 174 of 309
    assert found == pytest.approx(expected, rel=0.02)


@settings(max_examples=100, deadline=None)
@given(count=st.integers(0, 500), world=st.integers(1, 9))
def test_ranks_share_everything(count: int, world: int) -> None:
    shares = [range(count)[rank_share(count, rank, world)] for rank in range(world)]
    assert [i for share in shares for i in share] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def many(clips: Clips, count: int) -> Clips:
    """As many clips as asked for, sound alone: the 24 in turn, in three shards."""
    rows = clips.index.iloc[np.arange(count) % len(clips.index)].reset_index(drop=True)
    return replace(clips, index=rows.assign(sample=range(count)), modalities=["audio"])


def samples(batches: Iterable[Batch]) -> list[list[int]]:
    return [batch.sample.tolist() for batch in batches]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    count=st.integers(1, 61), world=st.integers(1, 5), batch_size=st.integers(1, 7),
    epoch=st.integers(0, 9),
)  # fmt: skip
def test_an_epoch_over_ranks(
    clips: Clips, count: int, world: int, batch_size: int, epoch: int
) -> None:
    """Each clip once but for the incomplete last step; as many steps on every rank; and together
    the same steps as one process with batches as large."""
    table = many(clips, count)
    ranks = [
        samples(training_batches(
            table, seed=1, epoch=epoch, batch_size=batch_size, rank=rank, world=world
        ))
        for rank in range(world)
    ]  # fmt: skip
    steps = count // (world * batch_size)
    assert [len(batches) for batches in ranks] == [steps] * world
    seen = [s for batches in ranks for batch in batches for s in batch]
    assert len(set(seen)) == len(seen) == steps * world * batch_size
    together = [[s for batch in step for s in batch] for step in zip(*ranks, strict=True)]
    alone = training_batches(table, seed=1, epoch=epoch, batch_size=batch_size * world)
    assert together == samples(alone)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(count=st.integers(1, 61), world=st.integers(1, 5), batch_size=st.integers(1, 9))
def test_a_pass_over_ranks(clips: Clips, count: int, world: int, batch_size: int) -> None:
    """Each clip once and in order, also where ranks get shares of different sizes, or none."""
    table = many(clips, count)
    ranks = [
        samples(pass_batches(table, batch_size=batch_size, rank=rank, world=world))
        for rank in range(world)
    ]
    assert [s for batches in ranks for batch in batches for s in batch] == list(range(count))
    assert all(len(batch) == batch_size for batches in ranks for batch in batches[:-1])


@pytest.mark.parametrize(("count", "world", "workers"), [(24, 5, 1), (29, 3, 2), (31, 2, 3)])
def test_workers_change_nothing(clips: Clips, count: int, world: int, workers: int) -> None:
    """Fewer shards than ranks x workers; a number of clips that nothing divides."""
    table = replace(many(clips, count), modalities=["video", "audio"])
    for rank in range(world):
        options = {"batch_size": 3, "rank": rank, "world": world}
        for one, other in (
            [
                list(training_batches(table, seed=5, epoch=2, workers=w, **options))
                for w in (0, workers)
            ],
            [
                list(pass_batches(table, augmented=(5, 1), workers=w, **options))
                for w in (0, workers)
            ],
        ):
            assert len(one) == len(other) > 0
            for a, b in zip(one, other, strict=True):
                assert torch.equal(a.sample, b.sample)
                assert torch.equal(a.of("video"), b.of("video"))
                assert torch.equal(a.of("audio"), b.of("audio"))


@pytest.mark.parametrize(("world", "workers"), [(1, 0), (2, 0), (2, 2)])
def test_an_epoch_goes_on_in_the_middle(clips: Clips, world: int, workers: int) -> None:
    options = {"seed": 5, "epoch": 2, "batch_size": 4, "rank": world - 1, "world": world}
    whole = list(training_batches(clips, **options))
    for first in range(len(whole) + 1):
        rest = list(training_batches(clips, first_step=first, workers=workers, **options))
        assert samples(rest) == samples(whole[first:])
        for a, b in zip(rest, whole[first:], strict=True):
            assert torch.equal(a.of("video"), b.of("video"))
            assert torch.equal(a.of("audio"), b.of("audio"))


def test_passes_differ_in_their_augmentations_and_repeat_by_number(clips: Clips) -> None:
    first, again, other = (
        next(pass_batches(clips, batch_size=4, augmented=(0, number))) for number in (0, 0, 1)
    )
    assert torch.equal(first.of("video"), again.of("video"))
    assert torch.equal(first.of("audio"), again.of("audio"))
    assert not torch.equal(first.of("video"), other.of("video"))
    plain, twice = (next(pass_batches(clips, batch_size=4)) for _ in range(2))
    assert torch.equal(plain.of("video"), twice.of("video"))


def test_shapes(clips: Clips) -> None:
    batch = next(pass_batches(clips, batch_size=4))
    video, audio = batch.of("video"), batch.of("audio")
    assert video.shape == (4, 1, 6, 32, 32)
    assert audio.shape == (4, 1, 40, 99)
    assert video.dtype == audio.dtype == torch.float32


def test_seeking_finds_the_same_frames_as_reading_on(clips: Clips) -> None:
    row = clips.index.iloc[0]
    content = (clips.folder / row["shard"]).read_bytes()[row["video_offset"] :][: row["video_size"]]

    def decoded(numbers: list[int]) -> np.ndarray:
        frames = decode_frames(io.BytesIO(content), np.array(numbers), 16.0)
        return np.stack([frame.to_ndarray() for frame in frames])

    with av.open(io.BytesIO(content)) as container:
        everything = np.stack([frame.to_ndarray() for frame in container.decode(video=0)])
    assert everything.shape == (32, 72, 48)
    assert np.array_equal(decoded(list(range(32))), everything)
    for numbers in ([0], [7, 8], [9, 31], [0, 20, 31], [16, 20, 24], [31], list(range(3, 30, 2))):
        assert np.array_equal(decoded(numbers), everything[numbers])


@pytest.mark.parametrize("workers", [0, 2])
def test_another_tar_in_a_shards_place_is_not_read(
    tmp_path: Path, make_video: Callable[..., Path], tiny_run: Run, workers: int
) -> None:
    """A class's folder is renamed and the shard made again: clips of the same sizes, elsewhere."""
    for label in ("cat", "dog"):
        make_video(tmp_path / "videos" / label / "a.mp4")
    clips = open_clips(make_split(tmp_path / "videos", tmp_path, shards=1), tiny_run())
    whole = (tmp_path / "00000.tar").read_bytes()
    (tmp_path / "videos/dog").rename(tmp_path / "videos/ape")
    make_split(tmp_path / "videos", tmp_path, shards=1)
    assert (tmp_path / "00000.tar").stat().st_size == len(whole)
    for kinds in (["video"], ["audio"]):
        with pytest.raises(UserError, match=r"00000\.tar is not the tar this index was made of"):
            list(pass_batches(replace(clips, modalities=kinds), batch_size=2, workers=workers))
    (tmp_path / "00000.tar").write_bytes(whole)
    assert len(list(pass_batches(clips, batch_size=2, workers=workers))) == 1
