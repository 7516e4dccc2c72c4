"""What is wrong with files, models and disks is told in a sentence, and the rest is labelled."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from selavi.cli import main
from selavi.files import read_csv
from selavi.models.checkpoint import build_network, save_model
from selavi.settings import RunSettings
from tests.conftest import PRIVATE

TEXT = ("path", "name", "modalities", "duplicate_of", "reason", "detail")


def test_a_path_that_does_not_exist_beside_one_that_does(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "a.mp4", 2)
    out = tmp_path / "out"
    arguments = ["--model", str(label_model), "--output", str(out), "--workers", "1"]
    assert main(["label", str(tmp_path / "none"), *arguments]) == 1
    assert main(["label", str(video), str(tmp_path / "none"), *arguments]) == 0
    rows = read_csv(out / "labels.csv", TEXT)
    assert rows["reason"].tolist() == ["", "missing"]


def test_nothing_can_be_labelled(
    label_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"text " * 99)
    out = tmp_path / "out"
    command = ["label", str(tmp_path), "--model", str(label_model), "--output", str(out)]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "nothing could be labelled" in told and str(out / "labels.csv") in told
    assert read_csv(out / "labels.csv", TEXT)["reason"].tolist() == ["unreadable"]


class Code:
    """Would run when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("it-ran",)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), "model.pt"),
        (lambda path: path.write_bytes(b"GIF89a" * 100), "is not a selavi model"),
        (lambda path: torch.save({"state_dict": {"w": torch.ones(2)}}, path), "is not a selavi"),
        (lambda path: path.write_bytes(pickle.dumps(Code())), "is not a selavi model"),
        (lambda path: torch.save(Code(), path), "without running code"),
    ],
    ids=["missing", "folder", "no bytes", "picture", "another program", "pickle", "code"],
)
def test_what_is_no_model(
    write: Callable[[Path], object], words: str, make_video: Callable[..., Path],
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    video, model = make_video(tmp_path / "a.mp4", 2), tmp_path / "model.pt"
    write(model)
    assert main(["label", str(video), "--model", str(model), "--output", "out"]) == 1
    told = capsys.readouterr().err
    assert words in told and str(model) in told
    assert not Path("it-ran").exists() and not Path("out").exists()


def test_a_file_where_the_output_should_be(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    video = make_video(tmp_path / "a.mp4", 2)
    command = ["label", str(video), "--model", str(label_model), "--output", str(video)]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "a file is where a folder is needed" in told and str(video) in told


@pytest.mark.slow
def test_a_full_disk(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path, private_mounts: None
) -> None:
    """What is labelled so far is kept; with more room, the same command goes on."""
    for number in range(3):
        make_video(tmp_path / f"videos/{number}.mp4", 2, hertz=300 * (number + 1))
    out = tmp_path / "out"
    out.mkdir()
    label = [
        sys.executable, "-m", "selavi", "label", str(tmp_path / "videos"), "--model",
        str(label_model), "--output", str(out), "--workers", "1",
    ]  # fmt: skip
    script = (
        'out="$1"; shift; mount -t tmpfs -o size=100k tmpfs "$out" && ! "$@" && '
        'mount -o remount,size=9m "$out" && "$@" && cp "$out/labels.csv" "$out/../labels.csv"'
    )
    done = subprocess.run(
        [*PRIVATE, script, "sh", str(out), *label], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"no space left on the disk while writing {out}" in done.stderr
    rows = read_csv(tmp_path / "labels.csv", TEXT)
    assert rows["reason"].tolist() == ["", "", ""]


def test_a_model_of_given_features_cannot_see_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = {"video_encoder": "frozen", "audio_encoder": "frozen", "clusters": 3, "heads": 2}
    settings = RunSettings.model_validate({"dataset": "mine", "network": network})
    model = tmp_path / "model.pt"
    built = build_network(settings, {"video": 5, "audio": 4})
    for encoder in built.encoders.values():
        encoder.projection.zero_()
    save_model(model, built, settings, {"head": 0})
    assert main(["label", str(tmp_path), "--model", str(model)]) == 1
    told = capsys.readouterr().err
    assert "was trained on video features that were given" in told and "selavi assign" in told


def test_a_disk_too_small_for_the_features(
    label_model: Path, tmp_path: Path, private_mounts: None
) -> None:
    """An error, and not the end of the process by a signal."""
    code = (
        "import sys, pandas as pd\n"
        "from pathlib import Path\n"
        "from selavi.label.feature_rows import FeatureRows\n"
        "from selavi.label.loaded import load_labeller\n"
        "ids = pd.Series(map(str, range(100_000)))\n"
        "FeatureRows(Path(sys.argv[2]), ids, load_labeller(sys.argv[1]))\n"
    )
    script = 'mount -t tmpfs -o size=1m tmpfs "$1"; shift; exec "$@"'
    command = [sys.executable, "-c", code, str(label_model), str(tmp_path)]
    done = subprocess.run(
        [*PRIVATE, script, "sh", str(tmp_path), *command], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.returncode
    assert "no space left on the disk" in done.stderr
