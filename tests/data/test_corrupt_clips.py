"""Shards that were damaged after they were made: what each fault does to a batch."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import (
    Clips,
    ViewGrid,
    open_clips,
    pass_batches,
    training_batches,
    view_batches,
)
from selavi.data.schema import CHECKSUMS
from selavi.data.shards.reader import UNKNOWN, CorruptClip, read_clip
from selavi.files import UserError
from selavi.settings import RunSettings

Run = Callable[..., RunSettings]
BAD = 2  # the sample that is damaged below


@pytest.fixture
def clips(train_index: Path, tiny_run: Run, tmp_path: Path) -> Clips:
    """The training clips in a folder of the test's own; two of them may be corrupt."""
    for path in train_index.parent.glob("[0-9i]*.*"):
        shutil.copy(path, tmp_path)
    return replace(open_clips(tmp_path / "index.csv", tiny_run()), max_corrupt=0.1)


def overwrite(clips: Clips, sample: int, kind: str, content: bytes, at: int = 0) -> None:
    row = clips.index.iloc[sample]
    with (clips.folder / row["shard"]).open("r+b") as tar:
        tar.seek(row[f"{kind}_offset"] + at)
        tar.write(content)


def break_video(clips: Clips, sample: int = BAD) -> None:
    overwrite(clips, sample, "video", bytes(int(clips.index["video_size"][sample])))


def noise(size: int) -> bytes:
    return np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).tobytes()


def zero_video(clips: Clips) -> Clips:
    break_video(clips)
    return clips


def noise_in_video(clips: Clips) -> Clips:
    """The container is whole, its frames are not."""
    overwrite(clips, BAD, "video", noise(int(clips.index["video_size"][BAD]) - 4000), at=100)
    return clips


def no_sound_header(clips: Clips) -> Clips:
    overwrite(clips, BAD, "audio", bytes(44))
    return clips


def truncated_sound(clips: Clips) -> Clips:
    """As an index says that was made from a wave cut short."""
    index = clips.index.copy()
    index.loc[BAD, "audio_size"] = 44 + 2 * 12000
    return replace(clips, index=index)


def truncated_video(clips: Clips) -> Clips:
    index = clips.index.copy()
    index.loc[BAD, "video_size"] //= 2
    return replace(clips, index=index)


def empty_member(clips: Clips) -> Clips:
    index = clips.index.copy()
    index.loc[BAD, "video_size"] = 0
    return replace(clips, index=index)


def one_bit_of_sound(clips: Clips) -> Clips:
    """A wave has no checksum of its own: every sample would be taken."""
    row = clips.index.iloc[BAD]
    with (clips.folder / row["shard"]).open("rb") as tar:
        tar.seek(row["audio_offset"] + 5000)
        overwrite(clips, BAD, "audio", bytes([tar.read(1)[0] ^ 1]), at=5000)
    return clips


def other_size(clips: Clips) -> Clips:
    index = clips.index.copy()
    index.loc[BAD, "height"] += 2
    return replace(clips, index=index)


FAULTS = {
    other_size: "a frame of 48 x 48, unlike in the index",
    zero_video: "cannot be decoded",
    noise_in_video: "cannot be decoded",
    truncated_video: "cannot be decoded",
    empty_member: "its member of the shard is empty",
    no_sound_header: "the audio cannot be decoded",
    truncated_sound: "the audio ends 12000 samples too early",
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_corrupt_clip_is_left_out_and_reported_once(
    clips: Clips, fault: Callable[[Clips], Clips], workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Of shards that were made before there were checksums."""
    damaged = fault(replace(clips, index=clips.index.drop(columns=list(CHECKSUMS))))
    corrupt = CorruptClips(damaged)
    for _ in range(2):
        batches = list(corrupt.counted(pass_batches(damaged, batch_size=5, workers=workers)))
        assert [s for b in batches for s in b.sample.tolist()] == [s for s in range(24) if s != BAD]
        assert [len(b.of("video")) for b in batches] == [4, 5, 5, 5, 4]
        assert all(len(b.of("audio")) == len(b.sample) for b in batches)
        assert [list(b.corrupt) for b in batches] == [[BAD], [], [], [], []]
    assert list(corrupt.found) == [BAD]
    [record] = [r for r in caplog.records if r.levelno == logging.WARNING]
    row = damaged.index.iloc[BAD]
    assert row["path"] in record.message
    assert row["shard"] in record.message
    assert FAULTS[fault] in record.message
    assert "\n" not in record.message


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("fault", [zero_video, one_bit_of_sound, truncated_video, truncated_sound])
def test_a_checksum_tells_any_damage(
    clips: Clips, fault: Callable[[Clips], Clips], workers: int
) -> None:
    """Once for each clip, whichever process reads it; of those that are damaged, each time."""
    damaged = fault(clips)
    for _ in range(2):
        batches = list(pass_batches(damaged, batch_size=5, workers=workers))
        assert [s for b in batches for s in b.sample.tolist()] == [s for s in range(24) if s != BAD]
        assert batches[0].corrupt == {BAD: "its bytes differ from those written"}
        assert not any(batch.corrupt for batch in batches[1:])
    left = [damaged.numbers[name] != UNKNOWN for name in CHECKSUMS]
    assert [*np.flatnonzero(left[0] | left[1])] == [BAD]


def test_whole_clips_are_looked_at_for_damage(clips: Clips) -> None:
    """As the explorer and `degrade` read them."""
    row = clips.index.iloc[BAD]
    video, audio = read_clip(clips.folder, row)
    one_bit_of_sound(clips)
    with pytest.raises(CorruptClip, match="bytes differ from those written"):
        read_clip(clips.folder, row)
    other, damaged = read_clip(clips.folder, row.drop(list(CHECKSUMS)))
    assert other == video and damaged != audio and len(damaged) == len(audio)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_its_place_in_an_epoch_goes_to_another_clip_of_the_batch(clips: Clips, world: int) -> None:
    """Batches keep their size and ranks their steps, whatever the number of workers."""
    options = {"seed": 1, "epoch": 0, "batch_size": 4, "world": world}
    whole = [list(training_batches(clips, rank=r, **options)) for r in range(world)]
    break_video(clips)
    seen = 0
    for rank in range(world):
        damaged = replace(clips)
        batches = [list(training_batches(damaged, rank=rank, workers=w, **options)) for w in (0, 2)]
        assert len(batches[0]) == len(batches[1]) == len(whole[rank])
        for before, one, other in zip(whole[rank], *batches, strict=True):
            assert torch.equal(one.sample, other.sample)
            assert torch.equal(one.of("video"), other.of("video"))
            if BAD not in before.sample:
                assert torch.equal(one.sample, before.sample)
                assert torch.equal(one.of("video"), before.of("video"))
                continue
            seen += 1
            kept = before.sample != BAD
            assert torch.equal(one.sample[:3], before.sample[kept])
            assert torch.equal(one.of("video")[:3], before.of("video")[kept])
            assert one.sample[3] == one.sample[0]
            assert torch.equal(one.of("audio")[3], one.of("audio")[0])
    assert seen == 1


def test_test_views_leave_it_out(clips: Clips) -> None:
    break_video(clips)
    batches = list(view_batches(clips, views=ViewGrid(2, 3), batch_size=6))
    assert [b.sample.tolist() for b in batches] == [[s] * 6 * (s != BAD) for s in range(24)]


def test_a_batch_of_nothing_but_corrupt_clips(clips: Clips) -> None:
    """It comes empty in a pass, and is left out once counted; an epoch cannot fill it."""
    break_video(clips)
    batches = list(pass_batches(clips, batch_size=1))
    assert [len(batch.sample) for batch in batches] == [int(s != BAD) for s in range(24)]
    assert [s for batch in batches for s in batch.corrupt] == [BAD]
    assert len(list(CorruptClips(clips).counted(batches))) == 23
    words = f"every clip of a batch is corrupt.*\n  {clips.index['path'][BAD]}"
    with pytest.raises(UserError, match=words):
        list(training_batches(clips, seed=0, epoch=0, batch_size=1))


@pytest.mark.parametrize("workers", [0, 2])
def test_too_many_stop_the_run_with_the_list(clips: Clips, workers: int) -> None:
    for sample in (3, 8, 20):
        break_video(clips, sample)
    with pytest.raises(UserError, match=r"3 of 24 clips are corrupt.*max_corrupt = 0\.1") as raised:
        list(CorruptClips(clips).counted(pass_batches(clips, batch_size=4, workers=workers)))
    lines = str(raised.value).splitlines()[1:]
    for line, sample in zip(lines, (3, 8, 20), strict=True):
        assert clips.index["path"][sample] in line


def test_what_other_processes_met_counts_too(clips: Clips) -> None:
    corrupt, other = CorruptClips(clips), CorruptClips(clips)
    corrupt.add({3: "torn"})
    corrupt.merge([3, 8])
    assert corrupt.found == {3: "torn", 8: "found by another process"}
    with pytest.raises(UserError, match="3 of 24 clips are corrupt"):
        corrupt.merge([20])
    assert not other.found  # a second owner of the same clips


def test_what_is_corrupt_goes_with_the_batch(clips: Clips) -> None:
    """To another device, and to each of its views."""
    break_video(clips)
    batch = next(iter(pass_batches(clips, batch_size=5)))
    problem = {BAD: "its bytes differ from those written"}
    assert batch.to(torch.device("cpu")).corrupt == problem
    assert [view.corrupt for view in batch.by_view(2)] == [problem, problem]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_missing_or_cut_shard_ends_the_run_at_once(clips: Clips, workers: int) -> None:
    path = clips.folder / clips.index["shard"][BAD]
    content = path.read_bytes()
    path.write_bytes(content[:3000])
    with pytest.raises(UserError, match=rf"{path.name} is shorter than its index says"):
        list(pass_batches(clips, batch_size=4, workers=workers))
    path.unlink()
    with pytest.raises(UserError, match=rf"{path.name} is missing; make it again"):
        list(training_batches(clips, seed=0, epoch=0, batch_size=4, workers=workers))
