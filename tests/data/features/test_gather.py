"""Features are matched with clips by name, and checked."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.data.features.gather import gather_features, read_given
from selavi.data.manifest import id_of
from selavi.data.schema import read_index
from selavi.data.sources.clip_table import ClipTable
from selavi.files import UserError

KEYS = [f"{letter}.mp4" for letter in "abcde"]
ROWS = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def make_index(folder: Path, keys: list[str] = KEYS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"key": keys}).to_csv(folder / "clips.csv", index=False)
    outputs = [folder / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    ClipTable(folder / "clips.csv").write_index(*outputs)
    return outputs[0]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return make_index(tmp_path / "train")


def save(path: Path, names: list[str], rows: np.ndarray, **more: np.ndarray) -> Path:
    np.savez(path, ids=np.array(names), features=rows, **more)
    return path


@pytest.mark.parametrize("name", [str, id_of], ids=["keys", "ids"])
@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int16, ">f4"])
def test_rows_go_by_name_and_never_by_order(
    tmp_path: Path, index: Path, name: Callable[[str], str], dtype: str
) -> None:
    order = [3, 0, 4, 1, 2]
    source = save(
        tmp_path / "F.npz", [name(KEYS[n]) for n in order], (10 * ROWS[order]).astype(dtype)
    )
    given = read_given(source, read_index(index))
    assert given.rows.dtype == np.float32
    np.testing.assert_array_equal(given.rows, (10 * ROWS).astype(dtype).astype(np.float32))


def test_one_file_in_order_stays_on_disk(tmp_path: Path, index: Path) -> None:
    given = read_given(save(tmp_path / "F.npz", KEYS, ROWS), read_index(index))
    assert isinstance(given.rows, np.memmap)


def test_gathered_features_are_read_as_they_are(tmp_path: Path, index: Path) -> None:
    """From two files, one clip rejected; the output is memory-mapped and keeps the reason."""
    folder = tmp_path / "parts"
    folder.mkdir()
    save(folder / "0.npz", [KEYS[4], KEYS[0]], ROWS[[4, 0]])
    save(folder / "1.npz", KEYS[1:3], ROWS[1:3], rejected=np.array([[KEYS[3], "no frames"]]))
    output = tmp_path / "out/video.npy"
    gather_features(folder, index, [], output)
    table = pd.read_csv(output.with_suffix(".csv"), keep_default_na=False)
    assert table["key"].tolist() == KEYS
    assert table["reason"].tolist() == ["", "", "", "no frames", ""]
    given = read_given(output, read_index(index))
    assert isinstance(given.rows, np.memmap)
    assert given.rejected == {3: "no frames"}
    np.testing.assert_array_equal(given.rows[[0, 1, 2, 4]], ROWS[[0, 1, 2, 4]])


def test_what_does_not_fit_is_named_with_a_count_and_the_first_three(
    tmp_path: Path, index: Path
) -> None:
    path, table = tmp_path / "F.npz", read_index(index)
    more = [*KEYS, "v", "w", "x", "y"]
    save(path, more, np.ones((9, 3)))
    words = r"features of 4 clips that the dataset does not have: 'v', 'w', 'x', \.\.\.; a clip is"
    with pytest.raises(UserError, match=words):
        read_given(path, table)
    assert len(read_given(path, table, known=more).rows) == 5
    save(path, KEYS[:1], ROWS[:1])
    words = r"no features of 4 of 5 clips: 'b\.mp4', 'c\.mp4', 'd\.mp4', \.\.\.; add them"
    with pytest.raises(UserError, match=words):
        read_given(path, table)
    save(path, [*KEYS, id_of(KEYS[1])], np.ones((6, 3)))  # by its key and by its id
    with pytest.raises(UserError, match=r"several rows for 1 clips: 'b\.mp4'; keep one of each"):
        read_given(path, table)


@pytest.mark.parametrize(
    ("value", "dtype"), [(np.nan, np.float32), (np.inf, np.float16), (1e39, np.float64)]
)
def test_features_are_finite(tmp_path: Path, index: Path, value: float, dtype: type) -> None:
    rows = ROWS.astype(dtype)
    rows[[2, 4], 1] = value
    path = save(tmp_path / "F.npz", KEYS, rows)
    words = r"not finite in float32 \(NaN or infinite\) of 2 clips: 'c\.mp4', 'e\.mp4'; make them"
    with pytest.raises(UserError, match=words):
        read_given(path, read_index(index))
    output = tmp_path / "video.npy"
    with pytest.raises(UserError, match=words):
        gather_features(path, index, [], output)
    assert not output.exists()


def test_files_have_as_many_features(tmp_path: Path, index: Path) -> None:
    save(tmp_path / "F1.npz", KEYS[:2], ROWS[:2])
    save(tmp_path / "F2.npz", KEYS[2:], ROWS[2:, :2])
    words = r"F1\.npz has 3 features of a clip and .*F2\.npz has 2; make all of them by one encoder"
    with pytest.raises(UserError, match=words):
        read_given(tmp_path / "F*.npz", read_index(index))


def test_rows_and_columns_that_say_nothing_are_warned_of(
    tmp_path: Path, index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ROWS.copy()
    rows[3] = 0
    rows = np.concatenate([rows, np.zeros((5, 1), np.float32)], 1)
    output = tmp_path / "video.npy"
    gather_features(save(tmp_path / "F.npz", KEYS, rows), index, [], output)
    assert "all features of 1 clips are 0, which say nothing of them: 'd.mp4'" in caplog.text
    assert "1 of 4 features are the same for all clips, the first in column 3" in caplog.text
    caplog.clear()
    read_given(output, read_index(index))
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not warned  # once is enough


def test_one_file_may_have_the_features_of_all_splits(tmp_path: Path, index: Path) -> None:
    other = make_index(tmp_path / "test", ["x.mp4", "y.mp4"])
    source = save(tmp_path / "F.npz", [*KEYS, "x.mp4", "y.mp4"], np.ones((7, 2)))
    gather_features(source, index, [other], tmp_path / "train.npy")
    gather_features(source, other, [index], tmp_path / "test.npy")
    assert np.load(tmp_path / "test.npy").shape == (2, 2)


def test_a_key_of_two_videos_needs_a_file_for_each_split(tmp_path: Path, index: Path) -> None:
    """As below {split}/: each split has its own a.mp4."""
    other = make_index(tmp_path / "test", ["a.mp4", "z.mp4"])
    table = pd.read_csv(other)
    table.assign(path="test/a.mp4").to_csv(other, index=False)
    source = save(tmp_path / "F.npz", [*KEYS, "z.mp4"], np.ones((6, 2)))
    with pytest.raises(UserError, match=r"1 keys name one video of this split .*\{split\}"):
        gather_features(source, index, [other], tmp_path / "train.npy")


def test_files_of_which_all_clips_are_rejected(tmp_path: Path, index: Path) -> None:
    """As `embed` writes of a shard without audio: no row, and no width."""
    folder = tmp_path / "parts"
    folder.mkdir()
    why = np.array([[key, "it has no audio"] for key in KEYS[:2]])
    save(folder / "0.npz", [], np.zeros((0, 0), np.float32), rejected=why)
    with pytest.raises(
        UserError, match=r"has no features: all clips are .* it has no audio; check"
    ):
        read_given(folder, read_index(index))
    save(folder / "1.npz", KEYS[2:], ROWS[2:])
    given = read_given(folder, read_index(index))
    assert given.rejected == dict.fromkeys((0, 1), "it has no audio")
    np.testing.assert_array_equal(given.rows[2:], ROWS[2:])
    gather_features(folder, index, [], tmp_path / "all.npy")
    assert np.load(tmp_path / "all.npy").shape == (5, 3)
