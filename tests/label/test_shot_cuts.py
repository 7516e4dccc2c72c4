"""Windows that begin at scene changes: found once for each version of a file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.label.options import Options
from selavi.label.plan import plan_labels
from selavi.label.windows import Windowing
from tests.data.media.test_shots import film
from tests.label.test_label import labelled


def test_shots_are_windows(label_model: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    film(tmp_path / "videos/a.mp4")
    table = labelled(tmp_path / "videos", "--model", label_model, "--shots", tmp_path / "out")
    assert table["start"].tolist() == pytest.approx([0, 3, 6, 9], abs=0.1)
    assert table["end"].tolist()[:3] == table["start"].tolist()[1:]
    assert table["cluster"].notna().all()


def test_a_part_and_the_length_of_windows(tmp_path: Path) -> None:
    """Shots longer than a window are cut further; audio has no shots."""
    film(tmp_path / "a.mp4", seconds=4)
    (tmp_path / "parts.csv").write_text("path,start,end\na.mp4,2,10\n")
    options = Options(Windowing(2.5), shots=True)
    plan = plan_labels([tmp_path / "parts.csv"], options, tmp_path / "work")
    assert plan["start"].tolist() == pytest.approx([2, 4, 6.5, 8], abs=0.1)


def test_scene_changes_are_found_once(make_video: Callable[..., Path], tmp_path: Path) -> None:
    """What was found is kept for a version of a file, and a damaged note is made again."""
    path, work = film(tmp_path / "a.mp4"), tmp_path / "work"
    options = Options(shots=True)
    plan = plan_labels([path], options, work)
    [note] = (work / "shots").iterdir()
    note.write_text("[1.5")
    assert plan_labels([path], options, work).equals(plan)
    note.write_text("[5.0]")
    assert plan_labels([path], options, work)["start"].tolist() == [0, 5]
    make_video(path, 4)
    assert plan_labels([path], options, work)["start"].tolist() == [0]
    assert sorted(json.loads(n.read_text()) for n in (work / "shots").iterdir()) == [[], [5.0]]
