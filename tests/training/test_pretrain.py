"""Training on real shards, in processes of its own, killed and resumed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from selavi.config_file import write_section
from selavi.data.index import read_index
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from selavi.settings import RunSettings
from selavi.training.state import fingerprint

Run = Callable[..., RunSettings]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def command(settings: RunSettings, index: Path, output: Path, *launcher: str) -> list[str]:
    output.mkdir(parents=True, exist_ok=True)
    write_section(output / "settings.yaml", settings)
    return [
        *(launcher or (sys.executable, "-m")), "selavi", "pretrain",
        "--settings", str(output / "settings.yaml"), "--index", str(index),
        "--output", str(output),
    ]  # fmt: skip


def train(settings: RunSettings, index: Path, output: Path, *launcher: str) -> None:
    done = subprocess.run(
        command(settings, index, output, *launcher), env=ENVIRONMENT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def same_result(one: Path, other: Path) -> None:
    """Same weights and labels, bit for bit, and the same log but for speed."""
    assert (one / "labels.csv").read_bytes() == (other / "labels.csv").read_bytes()
    logs = [pd.read_csv(p / "log.csv").drop(columns="clips_per_second") for p in (one, other)]
    pd.testing.assert_frame_equal(*logs)
    weights = [load_model(p / "model.pt")[0].state_dict() for p in (one, other)]
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name]), name


@pytest.fixture(scope="module")
def settings(tiny_run: Run) -> RunSettings:
    return tiny_run(training={"epochs": 4, "checkpoint_minutes": 0.0})


@pytest.fixture(scope="module")
def undisturbed(
    settings: RunSettings, train_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    output = tmp_path_factory.mktemp("undisturbed")
    train(settings, train_index, output)
    return output


def test_outputs(undisturbed: Path, settings: RunSettings) -> None:
    labels = pd.read_csv(undisturbed / "labels.csv")
    assert len(labels) == 24
    assert set(labels["head0"]) == set(range(4))  # every cluster has clips
    log = pd.read_csv(undisturbed / "log.csv")
    assert log["epoch"].tolist() == [1, 2, 3, 4]
    assert log["relabellings"].sum() == 5  # of six planned, the last is at the very end
    network, saved, facts = load_model(undisturbed / "model.pt")
    assert saved == settings
    assert not network.training
    assert 0 <= facts["head"] < 2


def test_events_can_be_read_by_tensorboard(undisturbed: Path) -> None:
    events = EventAccumulator(str(undisturbed / "events"))
    events.Reload()
    assert [e.step for e in events.Scalars("loss")] == [1, 2, 3, 4]


@pytest.mark.parametrize("seconds_after_first_save", [0.0, 0.15, 0.4])
def test_a_killed_run_goes_on_to_the_same_result(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    seconds_after_first_save: float,
) -> None:  # fmt: skip
    """SIGKILL, as when memory runs out; the state is saved at every step here."""
    process = subprocess.Popen(
        command(settings, train_index, tmp_path), env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not list((tmp_path / "state").glob("step-*")):
        time.sleep(0.01)
    time.sleep(seconds_after_first_save)
    process.kill()
    process.wait()
    assert not (tmp_path / "model.pt").exists()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_saves_and_exits_75(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    process = subprocess.Popen(
        command(settings, train_index, tmp_path), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list((tmp_path / "state").glob("step-*")):
        time.sleep(0.01)
    process.send_signal(number)
    _, words = process.communicate()
    assert process.returncode == 75, words
    assert "the same command goes on from it" in words
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def test_a_signal_to_the_whole_group_saves_too(
    tiny_run: Run, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """As Ctrl-C and cluster schedulers do it: the loader's processes get the signal as well."""
    settings = tiny_run(training={"epochs": 4, "checkpoint_minutes": 0.0, "workers": 2})
    process = subprocess.Popen(
        command(settings, train_index, tmp_path), env=ENVIRONMENT, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not list((tmp_path / "state").glob("step-*")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGTERM)
    _, words = process.communicate()
    assert process.returncode == 75, words
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def test_a_finished_run_writes_its_outputs_again(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    train(settings, train_index, tmp_path)
    for name in ("model.pt", "log.csv", "labels.csv", "config.yaml"):
        (tmp_path / name).unlink()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def test_workers_do_not_change_the_result(
    tiny_run: Run, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    settings = tiny_run(training={"epochs": 4, "checkpoint_minutes": 0.0, "workers": 2})
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def test_other_clips_under_the_same_names_start_afresh(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    table = read_index(train_index)
    before = fingerprint(settings, table)
    assert fingerprint(settings, table.assign(path="moved")) == before
    assert fingerprint(settings, table.assign(frames=table["frames"] + 1)) != before
    faster = settings.model_copy(update={"training": settings.training.model_copy(
        update={"workers": 3, "threads": 2}
    )})  # fmt: skip
    assert fingerprint(faster, table) == before


def test_other_settings_start_afresh(
    settings: RunSettings, tiny_run: Run, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    train(
        tiny_run(seed=7, training={"epochs": 4, "checkpoint_minutes": 0.0}), train_index, tmp_path
    )
    assert (tmp_path / "labels.csv").read_bytes() != (undisturbed / "labels.csv").read_bytes()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)
    assert list((tmp_path / "state.earlier").glob("step-*"))


@pytest.mark.parametrize("source", ["epoch", "pass"])
def test_two_processes(tiny_run: Run, train_index: Path, tmp_path: Path, source: str) -> None:
    """The paper's way of running: torchrun starts a process group, every clip gets its labels."""
    settings = tiny_run(
        labelling={"source": source, "optimisations": 6}, training={"epochs": 2, "batch_size": 3}
    )
    train(
        settings, train_index, tmp_path,
        str(Path(sys.executable).with_name("torchrun")), "--standalone", "--nproc-per-node=2", "-m",
    )  # fmt: skip
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert labels["sample"].tolist() == list(range(24))
    for head in ("head0", "head1"):
        assert labels[head].value_counts().min() >= 3
    resumed = subprocess.run(
        command(settings, train_index, tmp_path), env=ENVIRONMENT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert resumed.returncode == 1
    assert "was saved by 2 processes and there are 1 now" in resumed.stderr


@pytest.mark.parametrize(
    "sections",
    [
        {"modalities": ["video"]},
        {"modalities": ["audio"]},
        {"network": {"heads": 1, "clusters": 4, "head": "linear"}, "labelling": {"groups": 1}},
        {"labelling": {"marginals": "uniform", "align": False, "source": "pass"}},
        {"training": {"precision": "bfloat16"}},
    ],
    ids=lambda s: "-".join(s),
)
def test_variants_train(
    tiny_run: Run, train_index: Path, tmp_path: Path, sections: dict[str, dict[str, object]]
) -> None:
    train(tiny_run(**sections), train_index, tmp_path)
    assert pd.read_csv(tmp_path / "log.csv")["loss"].between(0.1, 5).all()


def test_too_few_clips_are_said(tiny_run: Run, train_index: Path, tmp_path: Path) -> None:
    settings = tiny_run(training={"batch_size": 32})
    done = subprocess.run(
        command(settings, train_index, tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "24 training clips are too few" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        load_model(tmp_path / "absent.pt")
    (tmp_path / "x.pt").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="is not a model of this program"):
        load_model(tmp_path / "x.pt")
    torch.save({"weights": {}}, tmp_path / "y.pt")
    with pytest.raises(UserError, match="no 'selavi-model-1' mark"):
        load_model(tmp_path / "y.pt")
    torch.save({"code": os.system}, tmp_path / "z.pt")
    with pytest.raises(UserError, match="is not a model of this program"):
        load_model(tmp_path / "z.pt")
