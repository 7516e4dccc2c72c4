"""Which files are labelled: odd names, links, tables, and nothing at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.commands.label import default_output
from selavi.files import UserError
from selavi.label.inputs import find_inputs
from selavi.label.work_folder import sole_use


def names(folder: Path, *paths: Path) -> list[str]:
    return [os.path.relpath(each.path, folder) for each in find_inputs(paths)]


def test_files_folders_and_tables_each_file_once(tmp_path: Path) -> None:
    for name in ("b/x.mp4", "b/.hidden.mp4", "b/deep/y.WAV", "b/notes.txt", "odd.data", "a.mp3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b/table.csv").write_text("path\nx.mp4\n../a.mp3\n")
    paths = [tmp_path / name for name in ("b", "b/x.mp4", "odd.data", "b/table.csv")]
    assert names(tmp_path, *paths) == ["a.mp3", "b/deep/y.WAV", "b/x.mp4", "odd.data"]
    assert names(tmp_path, tmp_path / "b/table.csv") == ["a.mp3", "b/x.mp4"]


def test_loops_of_links(tmp_path: Path) -> None:
    """A folder in itself is listed once; a link to itself is a file that cannot be read."""
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "x.mp4").write_bytes(b"x")
    (folder / "again").symlink_to(folder)
    (folder / "loop.mp4").symlink_to(folder / "loop.mp4")
    (folder / "gone.mp4").symlink_to(folder / "nowhere.mp4")
    assert names(folder, folder) == ["gone.mp4", "loop.mp4", "x.mp4"]


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff.mp4")
    (tmp_path / name).write_bytes(b"x")
    for paths in ([tmp_path], [tmp_path / name]):
        [found] = find_inputs(paths)
        assert found.reason == "bad-name" and "rename it" in found.detail
        assert found.name == str(tmp_path / r"bad\xff.mp4")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "nothing is there"),
        (lambda folder: (folder / "a.txt").touch(), "found 1 x .txt"),
    ],
    ids=["empty", "text"],
)
def test_a_folder_without_videos(make: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(UserError, match=words):
        find_inputs([tmp_path])


def test_what_a_labelling_wrote_is_no_input(tmp_path: Path) -> None:
    """As after `cd videos && selavi label .`, which writes videos-labels below it."""
    (tmp_path / "a.mp4").touch()
    with sole_use(tmp_path / "videos-labels/work"):
        pass
    clips = tmp_path / "videos-labels/explorer/clips"
    clips.mkdir(parents=True)
    (clips / "one.mp4").touch()
    earlier = tmp_path / "earlier"  # whose folder `work` was removed
    earlier.mkdir()
    for name in ("windows.csv", "labels.csv", "clusters.csv", "c.mp4"):
        (earlier / name).touch()
    (tmp_path / "work").mkdir()  # a folder of that name alone is not one of these
    (tmp_path / "work/b.mp4").touch()
    assert [each.path.name for each in find_inputs([tmp_path])] == ["a.mp4", "b.mp4"]


def test_paths_of_which_none_exists_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is there; check the path, or connect the disk"):
        find_inputs([tmp_path / "disk/videos", tmp_path / "other"])


def test_a_link_to_itself_is_a_rejected_row(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    [found] = find_inputs([tmp_path / "loop.mp4"])
    assert found.path == tmp_path / "loop.mp4"
    assert default_output(tmp_path / "loop.mp4") == Path("loop.mp4-labels")
    assert default_output(Path("/")) == Path("all-labels")
