"""What a batch holds: test views, one modality, and the same numbers whoever finishes it."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from selavi.data.collate import _Batches, _finish
from selavi.data.sampling import (
    Clips,
    ViewGrid,
    _Random,
    open_clips,
    pass_batches,
    training_batches,
    view_batches,
)
from selavi.data.shards import reader as reading
from selavi.data.shards.decode import decode_samples
from selavi.files import UserError
from selavi.settings import RunSettings, VideoSettings

Run = Callable[..., RunSettings]


@pytest.fixture
def clips(train_index: Path, tiny_run: Run) -> Clips:
    return open_clips(train_index, tiny_run())


@pytest.fixture
def colourful(clips: Clips) -> Clips:
    video = VideoSettings(
        frames=6, fps=6, crop=32, scale_min=32, scale_max=40, colour=0.4, blur=0.5, jitter=0.1
    )
    return replace(clips, video=video)


def test_test_views_come_by_sample_then_clip_then_crop(clips: Clips) -> None:
    grid = ViewGrid(clips=2, crops=3, short_side=40)
    batches = list(view_batches(clips, views=grid, batch_size=20))  # three samples, 18 views
    assert [len(b.sample) for b in batches] == [18] * 8
    assert torch.cat([b.sample for b in batches]).tolist() == [
        s for s in range(24) for _ in range(6)
    ]
    first = batches[0].of("video")[:6]
    assert not torch.equal(first[0], first[3])  # another start
    assert torch.equal(batches[0].of("audio")[0], batches[0].of("audio")[2])  # another crop
    assert not torch.equal(batches[0].of("audio")[0], batches[0].of("audio")[3])
    # The frames are square: all crops are centred down, and left, centre, right across.
    wide = torch.cat([first[0], first[1], first[2]])
    assert torch.allclose(first[0][..., 4:], first[1][..., :-4], atol=1.0)
    assert wide.shape == (3, 6, 32, 32)


def test_a_test_view_is_the_centre_view_where_they_meet(clips: Clips) -> None:
    """Test view 1 of 2 is view 500 of 1,000."""
    grid = list(view_batches(clips, views=ViewGrid(2, 1), batch_size=8))
    plain = list(pass_batches(clips, batch_size=4))
    for views, one in zip(grid, plain, strict=True):
        assert torch.equal(views.of("video")[1::2], one.of("video"))
        assert torch.equal(views.of("audio")[1::2], one.of("audio"))


def test_a_sample_with_more_views_than_a_batch_comes_whole(clips: Clips) -> None:
    batches = list(view_batches(clips, views=ViewGrid(3, 3), batch_size=4, rank=1, world=5))
    assert [b.sample.tolist() for b in batches] == [[s] * 9 for s in range(4, 9)]


def test_workers_change_no_test_view(clips: Clips) -> None:
    one, other = (
        list(view_batches(clips, views=ViewGrid(2, 3), batch_size=30, workers=w)) for w in (0, 2)
    )
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a.of("video"), b.of("video"))


@pytest.mark.parametrize("modality", ["video", "audio"])
def test_the_other_modality_is_not_read(
    clips: Clips, modality: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = list(training_batches(clips, seed=0, epoch=0, batch_size=5))
    places = []
    real = os.preadv

    def noted(file: int, buffers: list[memoryview], offset: int) -> int:
        if len(buffers[0]):  # not the look beyond the end
            places.append(offset)
        return real(file, buffers, offset)

    monkeypatch.setattr(reading.os, "preadv", noted)
    alone = replace(clips, modalities=[modality])
    for batch, other in zip(
        training_batches(alone, seed=0, epoch=0, batch_size=5), both, strict=True
    ):
        assert torch.equal(batch.of(modality), other.of(modality))
        with pytest.raises(ValueError, match="this batch has no"):
            batch.of("audio" if modality == "video" else "video")
    index = clips.index
    assert set(places) <= {
        place
        for offset, size in zip(index[f"{modality}_offset"], index[f"{modality}_size"], strict=True)
        for place in range(offset, offset + size)
    }
    assert places


def test_silent_clips_are_told_at_the_start(clips: Clips) -> None:
    silent = clips.index.assign(
        samples=np.where(clips.index["sample"] % 8 == 1, 0, clips.index["samples"]),
        rate=np.where(clips.index["sample"] % 8 == 1, 0, clips.index["rate"]),
    )
    words = r"3 of 24 clips in .* have no audio.*media.audio: required"
    with pytest.raises(UserError, match=words):
        replace(clips, index=silent)
    pictures = replace(clips, index=silent, modalities=["video"])
    assert len(list(pass_batches(pictures, batch_size=24))) == 1


def test_several_sample_rates_are_told_at_the_start(clips: Clips) -> None:
    mixed = clips.index.assign(rate=np.where(clips.index["sample"] == 3, 8000, 16000))
    with pytest.raises(UserError, match="different sample rates"):
        replace(clips, index=mixed)


def test_a_device_finishes_to_the_same_numbers(clips: Clips, colourful: Clips) -> None:
    """The half that a GPU does, done here by the CPU."""
    for table in (clips, colourful):
        chunks = [np.arange(8), np.arange(8, 24)]
        views = _Random(table, [(0, 1, 2)])
        batches = [_Batches(table, chunks, views, fill=False, spectrograms=cpu) for cpu in (1, 0)]
        for number in range(2):
            made = [part[number] for part in batches]
            assert not any(isinstance(part, Exception) for part in made)
            assert all(part.tensors["luma"].dtype == torch.uint8 for part in made)
            assert "waveforms" not in made[0].tensors
            assert made[1].tensors["waveforms"].dtype == torch.int16
            one, other = (_finish(part, table, views, torch.device("cpu")) for part in made)
            assert torch.equal(one.sample, other.sample)
            assert torch.equal(one.of("video"), other.of("video"))
            assert (one.of("audio") - other.of("audio")).abs().max() < 1e-4


@pytest.mark.gpu
def test_a_gpu_gives_the_same_numbers(clips: Clips, colourful: Clips) -> None:
    for table in (clips, colourful):
        options = {"seed": 0, "epoch": 1, "batch_size": 6}
        for one, other in zip(
            training_batches(table, workers=1, **options),
            training_batches(table, workers=1, device=torch.device("cuda"), **options),
            strict=True,
        ):
            assert other.of("video").is_cuda
            assert (one.of("video") - other.of("video").cpu()).abs().max() < 1e-4
            assert (one.of("audio") - other.of("audio").cpu()).abs().max() < 1e-4


def test_colours_are_drawn_anew_for_each_clip_and_epoch(colourful: Clips) -> None:
    first, again, other = (
        next(training_batches(colourful, seed=0, epoch=epoch, batch_size=24)) for epoch in (0, 0, 1)
    )
    assert torch.equal(first.of("video"), again.of("video"))
    assert not torch.equal(
        first.of("video")[first.sample.argsort()], other.of("video")[other.sample.argsort()]
    )


def test_the_sound_begins_with_the_picture(clips: Clips) -> None:
    """A view's window is that of its first frame, read out of the wave's own bytes."""
    row = clips.index.iloc[5]
    with reading.open_shard(clips.folder / row["shard"]) as shard:
        member = shard.member(row["audio_offset"], row["audio_size"], reading.AUDIO_READ)
        whole = decode_samples(member)
        assert len(whole) == row["samples"]
        some = decode_samples(member, 7001, 900)
    assert np.array_equal(some, whole[7001:7901])
    [(view, _)] = _Random(clips, [(0, 1, 2)])(5)
    made = _Batches(clips, [np.array([5])], _Random(clips, [(0, 1, 2)]), False, spectrograms=False)[
        0
    ]
    assert not isinstance(made, Exception)
    start = min(round(view.start / row["fps"] * 16000), len(whole) - 16000)
    expected = whole[start : start + 16000]
    assert np.array_equal(made.tensors["waveforms"][0].numpy(), expected)
