"""What `selavi label` without a model refuses, before anything is trained."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.cli import main
from selavi.files import UserError
from selavi.label.options import Options
from selavi.label.plan import plan_labels
from selavi.label.windows import Windowing
from selavi.running.learn import (
    MODEL,
    RECORD,
    UNLABELLED,
    Wishes,
    choose_preset,
    labelled,
    learn,
)
from selavi.running.weights import IMAGENET, has_imagenet, weights_on_disk


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """An output folder as a training with --clusters 5 --window 4 leaves it."""
    model = tmp_path / MODEL
    model.parent.mkdir(parents=True)
    model.touch()
    (tmp_path / RECORD).parent.mkdir()
    record = {"clusters": 5, "init": None, "window": 4.0, "stride": None, "shots": False}
    (tmp_path / RECORD).write_text(json.dumps(record))
    return tmp_path


def test_three_videos_are_too_few(
    make_video: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    for number in range(3):
        make_video(videos / f"{number}.mp4", 1.5, size="32x32", fps="10")
    make_video(videos / "mute.mp4", 200, size="32x32", fps="5", audio=False)
    assert main(["label", str(videos), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "3 windows with video and audio are too few to train on; at least 16" in said
    assert "20 more with video or audio alone" in said
    assert "--model zoo:NAME" in said
    assert "--window" not in said  # no length would give enough
    assert not (tmp_path / "out").exists()


def test_too_few_windows_name_broken_files_and_a_length_that_is_enough(
    make_video: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    make_video(videos / "long.mp4", 50, size="32x32", fps="5")
    (videos / "broken.mp4").write_text("no video")
    command = ["label", str(videos), "--output", str(tmp_path / "out")]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "5 windows with video and audio are too few" in said
    assert f"1 cannot be used:\n  {videos / 'broken.mp4'}: unreadable, not a video" in said
    assert "--window 3," in said  # 17 windows; of 4 s there would be 13
    table = plan_labels([videos], Options(Windowing(3.0)), tmp_path)
    assert (table["modalities"] == "video+audio").sum() == 17


def test_a_wrong_path_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["label", "absent"]) == 1
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "absent-labels").mkdir()
    assert main(["label", "absent"]) == 1
    assert (tmp_path / "absent-labels").exists()  # it was there before


def test_more_clusters_than_windows_are_an_error(
    make_video: Callable[..., Path], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "long.mp4", 36, size="32x32", fps="5")
    options = Options(Windowing(window=2.0))
    with pytest.raises(UserError, match="clusters = 90 does not fit 18 clips; use from 2 to 18"):
        learn([video], tmp_path / "out", options, Wishes(clusters=90))


@pytest.mark.parametrize(
    ("options", "wishes", "words"),
    [
        (Options(), Wishes(clusters=6), "was trained with clusters = 5, not 6"),
        (Options(Windowing(window=3.0)), Wishes(), "was trained with window = 4.0, not 3.0"),
        (Options(shots=True), Wishes(), "was trained with shots = the default, not True"),
        (Options(), Wishes(preset="small"), "was trained with preset = the default, not small"),
        (Options(), Wishes(init="zoo:ave"), "was trained with init = the default, not zoo:ave"),
    ],
)
def test_other_options_than_those_of_the_model_are_an_error(
    trained: Path, options: Options, wishes: Wishes, words: str
) -> None:
    with pytest.raises(UserError, match=f"{words}; train again with --retrain, or name another"):
        learn([], trained, options, wishes)
    assert (trained / MODEL).exists()


def test_omitted_options_are_those_of_the_model(trained: Path) -> None:
    learned = learn([], trained, Options(workers=3), Wishes())
    assert learned.options == Options(Windowing(window=4.0), workers=3)
    assert (learned.model, learned.status) == (trained / MODEL, 0)


def test_a_project_of_somebody_else_is_kept(
    make_video: Callable[..., Path], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "long.mp4", 36, size="32x32", fps="5")
    (tmp_path / "config.yaml").write_text("mine")
    with pytest.raises(UserError, match=r"config\.yaml exists and is kept"):
        learn([video], tmp_path, Options(Windowing(window=2.0)), Wishes())
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_training_options_do_not_go_with_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", str(tmp_path), "--model", "m.pt", "--retrain"]) == 1
    assert "--model gives a trained model; leave out the one" in capsys.readouterr().err


def test_weights_on_disk_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELAVI_ZOO", str(tmp_path / "zoo"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert weights_on_disk() is None
    (tmp_path / "torch/hub/checkpoints").mkdir(parents=True)
    (tmp_path / "torch/hub/checkpoints/r2plus1d_18-91a641e6.pth").touch()
    assert weights_on_disk() == "torchvision:r2plus1d_18"
    from selavi.models.zoo import find

    (tmp_path / "zoo").mkdir()
    find("ave").path.touch()
    assert weights_on_disk() == "zoo:ave"


def test_a_cpu_with_a_trained_encoder_trains_heads_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_imagenet(), "of the extra `imagenet`, which tests need"
    assert choose_preset(None, gpus=0) == "features"
    assert choose_preset("zoo:ave", gpus=0) == "small"
    assert choose_preset(None, gpus=2) == "paper"
    monkeypatch.setitem(sys.modules, IMAGENET[1], None)  # Python's way to say: not installed
    assert not has_imagenet()
    assert choose_preset(None, gpus=0) == "small"


def test_a_training_whose_videos_are_not_labelled_yet_is_not_repeated(trained: Path) -> None:
    """An interrupted `--retrain` resumes; once its videos are labelled, it trains again."""
    (trained / UNLABELLED).touch()
    options, wishes = Options(Windowing(window=4.0)), Wishes(clusters=5, retrain=True)
    assert learn([trained / "videos"], trained, options, wishes).status == 0
    labelled(trained)
    with pytest.raises(UserError, match="nothing is there"):  # it looks for videos to train on
        learn([trained / "videos"], trained, options, wishes)
    assert (trained / MODEL).exists()


def test_initial_weights_are_looked_for_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"--init best.pt: {Path.cwd()}/best.pt is not a file"):
        learn([tmp_path], tmp_path / "out", Options(), Wishes(init="best.pt"))
