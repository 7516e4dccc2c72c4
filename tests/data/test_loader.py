from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.data.clips import CorruptClip, decode_frames
from selavi.data.index import read_index
from selavi.data.loader import Clips, epoch_order, pass_batches, rank_share, training_batches
from selavi.files import UserError
from selavi.settings import RunSettings

Run = Callable[..., RunSettings]


@pytest.fixture
def clips(train_index: Path, tiny_run: Run) -> Clips:
    run = tiny_run()
    return Clips(read_index(train_index), train_index.parent, run.video, run.audio)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 300), shards=st.integers(1, 40), seed=st.integers(0, 99))
def test_an_epoch_has_every_sample_once(count: int, shards: int, seed: int) -> None:
    names = np.array([f"{i * 7919 % shards:05d}.tar" for i in range(count)])
    order = epoch_order(names, seed, epoch=3)
    assert sorted(order.tolist()) == list(range(count))
    assert (order == epoch_order(names, seed, epoch=3)).all()
    if count > 20:
        assert (order != epoch_order(names, seed, epoch=4)).any()
        assert (order != epoch_order(names, seed + 1, epoch=3)).any()


def test_reading_stays_within_a_window_of_shards() -> None:
    names = np.array([f"{i // 10:05d}.tar" for i in range(1000)])
    order = epoch_order(names, 0, 0)
    windows = [set(names[order[i : i + 80]]) for i in range(0, 1000, 80)]
    assert all(len(window) <= 8 for window in windows)


@settings(max_examples=100, deadline=None)
@given(count=st.integers(0, 500), world=st.integers(1, 9))
def test_ranks_share_everything(count: int, world: int) -> None:
    shares = [range(count)[rank_share(count, rank, world)] for rank in range(world)]
    assert [i for share in shares for i in share] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_ranks_split_each_step_and_agree_on_their_number(clips: Clips, world: int) -> None:
    batches = [
        [b.sample.tolist() for b in training_batches(
            clips, seed=1, epoch=0, batch_size=3, rank=rank, world=world
        )]
        for rank in range(world)
    ]  # fmt: skip
    assert {len(b) for b in batches} == {24 // (3 * world)}
    seen = Counter(s for rank in batches for batch in rank for s in batch)
    assert max(seen.values()) == 1
    assert len(seen) == 24 // (3 * world) * 3 * world
    alone = [
        b.sample.tolist() for b in training_batches(clips, seed=1, epoch=0, batch_size=3 * world)
    ]
    together = [[s for rank in step for s in rank] for step in zip(*batches, strict=True)]
    assert together == alone


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_change_nothing(clips: Clips, workers: int) -> None:
    one = list(training_batches(clips, seed=5, epoch=2, batch_size=5))
    other = list(training_batches(clips, seed=5, epoch=2, batch_size=5, workers=workers))
    assert len(one) == len(other) == 4
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a.sample, b.sample)
        assert torch.equal(a.video, b.video)
        assert torch.equal(a.audio, b.audio)


def test_an_epoch_goes_on_in_the_middle(clips: Clips) -> None:
    whole = list(training_batches(clips, seed=5, epoch=2, batch_size=5))
    rest = list(training_batches(clips, seed=5, epoch=2, batch_size=5, first_step=2))
    assert [b.sample.tolist() for b in rest] == [b.sample.tolist() for b in whole[2:]]
    assert torch.equal(rest[0].video, whole[2].video)


@pytest.mark.parametrize("world", [1, 2, 5])
def test_a_pass_has_every_clip_once_in_order(clips: Clips, world: int) -> None:
    samples = [
        s
        for rank in range(world)
        for batch in pass_batches(clips, batch_size=7, rank=rank, world=world)
        for s in batch.sample.tolist()
    ]
    assert samples == list(range(24))


def test_passes_differ_in_their_augmentations_and_repeat_by_number(clips: Clips) -> None:
    first, again, other = (
        next(pass_batches(clips, batch_size=4, augmented=(0, number))) for number in (0, 0, 1)
    )
    assert torch.equal(first.video, again.video)
    assert torch.equal(first.audio, again.audio)
    assert not torch.equal(first.video, other.video)
    plain, twice = (next(pass_batches(clips, batch_size=4)) for _ in range(2))
    assert torch.equal(plain.video, twice.video)


def test_shapes(clips: Clips) -> None:
    batch = next(pass_batches(clips, batch_size=4))
    assert batch.video.shape == (4, 1, 6, 32, 32)
    assert batch.audio.shape == (4, 1, 40, 99)
    assert batch.video.dtype == batch.audio.dtype == torch.float32


def test_seeking_finds_the_same_frames_as_reading_on(clips: Clips) -> None:
    row = clips.index.iloc[0]
    content = (clips.folder / row["shard"]).read_bytes()[row["video_offset"] :][: row["video_size"]]
    everything = decode_frames(content, np.arange(32), 16.0, grey=False)
    assert everything.shape == (32, 3, 48, 48)
    for numbers in ([0], [7, 8], [9, 9, 31], [16, 20, 24], [31]):
        some = decode_frames(content, np.array(numbers), 16.0, grey=False)
        assert np.array_equal(some, everything[numbers])
    grey = decode_frames(content, np.array([3]), 16.0, grey=True)[0, 0].astype(float)
    weights = np.array([0.299, 0.587, 0.114])[:, None, None]
    assert np.abs(grey - (everything[3] * weights).sum(0)).mean() < 3


def test_a_damaged_clip_names_its_video(clips: Clips, tmp_path: Path) -> None:
    row = clips.index.iloc[2]
    for path in clips.folder.glob("*.tar"):
        content = bytearray(path.read_bytes())
        if path.name == row["shard"]:
            content[row["video_offset"] : row["video_offset"] + row["video_size"]] = bytes(
                row["video_size"]
            )
        (tmp_path / path.name).write_bytes(content)
    damaged = Clips(clips.index, tmp_path, clips.video, clips.audio)
    for workers in (0, 1):
        with pytest.raises(CorruptClip, match=f"^[^\n]*{Path(row['path']).name}[^\n]*$"):
            list(pass_batches(damaged, batch_size=4, workers=workers))


def test_a_missing_or_cut_shard_is_said(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.tar is missing"):
        next(pass_batches(Clips(clips.index, tmp_path, clips.video, clips.audio), batch_size=1))
    for path in clips.folder.glob("*.tar"):
        (tmp_path / path.name).write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UserError, match="shorter than its index"):
        list(pass_batches(Clips(clips.index, tmp_path, clips.video, clips.audio), batch_size=4))
