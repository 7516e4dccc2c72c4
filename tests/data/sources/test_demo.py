"""The demo dataset: every file as promised, the same bytes every time, no class given away."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from selavi.data.sources.demo_audio import TIMBRES, make_sound
from selavi.data.sources.demo_dataset import CLASS_NAMES, _plan, _Recipe, make_demo_dataset
from selavi.data.sources.demo_video import make_frames
from selavi.files import UserError

SMALL: dict[str, Any] = {"classes": 2, "train_per_class": 2, "test_per_class": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    root = tmp_path_factory.mktemp("demo")
    return root, make_demo_dataset(root, workers=1, **SMALL)


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def decode(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """(T, H, W, 3) frames and (S,) samples; checks the rates on the way."""
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 16
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == 16_000
        assert container.streams.audio[0].layout.name == "mono"
        samples = [f.to_ndarray()[0] for f in container.decode(audio=0)]
    return np.stack(frames), np.concatenate(samples)


def test_table_lists_the_files_on_disk(made: tuple[Path, pd.DataFrame]) -> None:
    root, table = made
    assert list(table.columns) == ["path", "split", "label", "fault"]
    assert sorted(table["path"]) == sorted(str(p.relative_to(root)) for p in root.rglob("*.mp4"))
    for row in table.itertuples():
        assert str(row.path).split("/")[:2] == [row.split, row.label]
    good = table[table["fault"] == ""]
    assert good.groupby(["split", "label"]).size().to_dict() == {
        ("train", "0 bell"): 2,
        ("train", "1 siren"): 2,
        ("test", "0 bell"): 1,
        ("test", "1 siren"): 1,
    }


def test_good_videos_decode_whole(made: tuple[Path, pd.DataFrame]) -> None:
    root, table = made
    for path in table.loc[table["fault"] == "", "path"]:
        frames, samples = decode(root / path)
        assert frames.shape == (32, 96, 96, 3)
        # AAC comes in frames of 1024 samples, so the last may run over.
        assert 32_000 <= len(samples) < 33_024
        assert (root / path).stat().st_size < 80_000


def test_sound_keeps_time_with_the_picture(made: tuple[Path, pd.DataFrame]) -> None:
    root, _ = made
    video = _plan(_Recipe(seed=0, bad_files=True, **SMALL))[0]
    _, ear = np.random.SeedSequence(video.entropy).spawn(2)
    written = make_sound(video.label, np.random.default_rng(ear))
    _, read = decode(root / video.path)
    assert np.corrcoef(written, read[: len(written)])[0, 1] > 0.9


def test_names_recur_in_other_classes_and_splits(made: tuple[Path, pd.DataFrame]) -> None:
    names = made[1]["path"].str.split("/").str[-1]
    assert (names == "clip_0000.mp4").sum() == 4
    assert """it's a "clip" — ünïcode, 100%.mp4""" in set(names)


def test_same_bytes_from_any_number_of_workers(
    made: tuple[Path, pd.DataFrame], tmp_path: Path
) -> None:
    table = make_demo_dataset(tmp_path, workers=2, **SMALL)
    assert contents(tmp_path) == contents(made[0])
    pd.testing.assert_frame_equal(table, made[1])


def test_a_video_does_not_depend_on_the_size_of_the_dataset(
    made: tuple[Path, pd.DataFrame], tmp_path: Path
) -> None:
    make_demo_dataset(
        tmp_path, classes=2, train_per_class=1, test_per_class=2, bad_files=False, workers=1
    )
    smaller, larger = contents(tmp_path), contents(made[0])
    for path in ("train/1 siren/clip_0000.mp4", "test/1 siren/clip_0000.mp4"):
        assert smaller[path] == larger[path]


def test_another_seed_gives_other_videos(made: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    make_demo_dataset(
        tmp_path, seed=1, classes=1, train_per_class=1, bad_files=False, test_per_class=0, workers=1
    )
    path = "train/0 bell/clip_0000.mp4"
    assert contents(tmp_path)[path] != contents(made[0])[path]


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    make_demo_dataset(tmp_path, workers=1, **SMALL)
    whole = contents(tmp_path)
    lost = tmp_path / "train" / "1 siren" / "clip_0001.mp4"
    kept = tmp_path / "train" / "1 siren" / "clip_0000.mp4"
    lost.unlink()
    part = lost.with_name(f".{lost.name}.part")
    part.write_bytes(b"half a vid")
    written_at = kept.stat().st_mtime_ns
    make_demo_dataset(tmp_path, workers=1, **SMALL)
    part.unlink(missing_ok=True)
    assert contents(tmp_path) == whole
    assert kept.stat().st_mtime_ns == written_at


def test_another_recipe_in_the_same_folder_is_refused(made: tuple[Path, pd.DataFrame]) -> None:
    before = contents(made[0])
    with pytest.raises(UserError, match=r'made with .*"seed": 0.*, not .*"seed": 5'):
        make_demo_dataset(made[0], seed=5, **SMALL)
    assert contents(made[0]) == before


def test_faults_are_what_they_are_called(made: tuple[Path, pd.DataFrame]) -> None:
    root, table = made
    broken = table[table["fault"] != ""].set_index("fault")
    assert set(broken["split"]) == {"train"}
    path = {str(fault): root / str(name) for fault, name in broken["path"].items()}
    assert set(path) == {"no audio", "truncated", "zero bytes", "not a video", "too short"}

    with av.open(str(path["no audio"])) as container:
        assert not container.streams.audio
        assert len(list(container.decode(video=0))) == 32
    assert path["zero bytes"].stat().st_size == 0
    assert path["not a video"].read_text().startswith("This is plain text")
    assert path["truncated"].stat().st_size > 5_000
    for fault in ("truncated", "zero bytes", "not a video"):
        with pytest.raises(av.FFmpegError):
            av.open(str(path[fault]))
    frames, samples = decode(path["too short"])
    assert len(frames) == 6
    assert 6_400 <= len(samples) < 7_424


def test_without_bad_files_there_are_none() -> None:
    videos = _plan(_Recipe(seed=0, bad_files=False, **SMALL))
    assert {v.path.name for v in videos} == {"clip_0000.mp4", "clip_0001.mp4"}


def test_each_digit_is_used_once_and_in_its_class() -> None:
    images, values = load_digits(return_X_y=True)
    value_of = {image.tobytes(): value for image, value in zip(images, values, strict=True)}
    videos = [v for v in _plan(_Recipe(0, 10, 154, 20, True)) if not v.fault]
    assert len(videos) == 1740
    assert len({v.digit.tobytes() for v in videos}) == 1740
    assert all(value_of[v.digit.tobytes()] == v.label for v in videos)


def test_there_is_a_timbre_for_each_class() -> None:
    assert len(TIMBRES) == len(CLASS_NAMES) == 10


def test_picture_differs_by_the_digit_only() -> None:
    blank, bar = np.zeros((8, 8)), np.zeros((8, 8))
    bar[:, 3:5] = 16
    frames = make_frames(blank, np.random.default_rng(3))
    changed = (make_frames(bar, np.random.default_rng(3)) != frames).any(axis=-1).mean()
    assert 0.05 < changed < 0.4


@pytest.mark.parametrize("label", range(10))
def test_level_does_not_tell_the_class(label: int) -> None:
    sounds = [make_sound(label, np.random.default_rng([label, i])) for i in range(10)]
    for sound in sounds:
        assert sound.shape == (32_000,) and sound.dtype == np.float32
        assert np.abs(sound).max() <= 1
        # The level is drawn from -32 to -22 dB; clipping would lower it.
        assert -32.1 < 20 * np.log10(sound.std()) < -21.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 0}, "classes is 0; it must be 1 to 10"),
        ({"classes": 11}, "classes is 11; it must be 1 to 10"),
        ({"seed": -1}, "seed is -1; it must be 0 or more"),
        ({"train_per_class": 0}, "train_per_class is 0; it must be 1 or more"),
        ({"test_per_class": -2}, "test_per_class is -2; it must be 0 or more"),
        ({"workers": 0}, "workers is 0; it must be 1 or more"),
        (
            {"train_per_class": 155, "test_per_class": 20},
            "train_per_class \\+ test_per_class is 175; it must be at most 174, .* '8 swoosh'",
        ),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        make_demo_dataset(tmp_path / "demo", **arguments)
    assert not (tmp_path / "demo").exists()
