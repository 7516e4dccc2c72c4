"""The folder of a labelling: one call at a time, and kills at any moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.files import UserError
from selavi.label.work_folder import SCRATCH, sole_use

SMALL_SHARDS = """
from selavi.cli import run_and_exit
from selavi.label import work

work.SHARD = 8
run_and_exit()
"""


def test_one_call_at_a_time(tmp_path: Path) -> None:
    with sole_use(tmp_path / "work") as scratch:
        (scratch / "rows.npy").touch()
        with pytest.raises(UserError, match=f"in use by another selavi .process {os.getpid()}"):
            sole_use(tmp_path / "work").__enter__()
    assert not scratch.exists()
    with sole_use(tmp_path / "work"):
        pass


def test_what_a_killed_call_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{SCRATCH}killed"
    left.mkdir()
    (left / "rows.npy").touch()
    with sole_use(tmp_path):
        assert not left.exists()


@pytest.mark.slow
def test_a_killed_labelling_resumes_to_the_same_tables(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    """SIGKILL in the middle of a shard, and between two of them."""
    videos = tmp_path / "videos"
    source = make_video(videos / "000.mp4", 1.5, size="32x32", fps="10")
    for number in range(1, 20):
        (videos / f"{number:03d}.mp4").write_bytes(source.read_bytes())

    def command(output: str) -> list[str]:
        return [
            sys.executable, "-c", SMALL_SHARDS, "label", str(videos), "--model", str(label_model),
            "--output", str(tmp_path / output), "--workers", "2",
        ]  # fmt: skip

    def kill_when(pattern: str) -> None:
        process = subprocess.Popen(command("killed"), stderr=subprocess.DEVNULL)
        folder, deadline = tmp_path / "killed/work", time.monotonic() + 120
        while not list(folder.glob(pattern)) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    kill_when("clips-*/manifests/00000.csv")
    kill_when("clips-*/00000.*.npz")
    for output in ("killed", "whole"):
        subprocess.run(command(output), check=True, stderr=subprocess.DEVNULL)
    for table in ("labels.csv", "clusters.csv", "windows.csv", "names.csv"):
        assert (tmp_path / "killed" / table).read_bytes() == (
            tmp_path / "whole" / table
        ).read_bytes()
