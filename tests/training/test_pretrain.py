"""Training on real shards, in processes of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from selavi.cli import main
from selavi.data.schema import read_index
from selavi.evaluation.logits import read_logits
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from selavi.settings import RunSettings
from selavi.training.resume import fingerprint
from tests.training.runs import same_result, start, train, wait, words

Run = Callable[..., RunSettings]


@pytest.mark.slow
def test_outputs(undisturbed: Path, settings: RunSettings) -> None:
    labels = pd.read_csv(undisturbed / "labels.csv")
    assert len(labels) == 24
    assert set(labels["head0"]) == set(range(4))  # every cluster has clips
    log = pd.read_csv(undisturbed / "log.csv")
    assert log["epoch"].tolist() == [1, 2, 3, 4]
    assert log["relabellings"].sum() == 5  # of six planned, the last is at the very end
    assert log["largest_cluster"].between(0.25, 1).all()
    network, saved, facts = load_model(undisturbed / "model.pt")
    assert saved == settings
    assert not network.training
    assert 0 <= facts["head"] < 2


@pytest.mark.slow
def test_events_can_be_read_by_tensorboard(undisturbed: Path) -> None:
    events = EventAccumulator(str(undisturbed / "events"))
    events.Reload()
    assert [e.step for e in events.Scalars("loss")] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_finished_run_writes_its_outputs_again(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    train(settings, train_index, tmp_path)
    for name in ("model.pt", "log.csv", "labels.csv", "config.yaml"):
        (tmp_path / name).unlink()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
def test_workers_do_not_change_the_result(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    train(settings, train_index, tmp_path, "--workers", "2", "--threads", "1")
    same_result(tmp_path, undisturbed)
    used = yaml.safe_load((tmp_path / "config.yaml").read_text())["machine"]
    assert (used["workers"], used["threads"]) == (2, 1)


def test_threads_below_nought_are_refused(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    assert wait(start(settings, train_index, tmp_path, "--threads", "-1")) == [1]
    assert "threads = -1: input should be greater than or equal to 0" in words(tmp_path)


def test_other_clips_under_the_same_names_start_afresh(
    settings: RunSettings, train_index: Path
) -> None:
    table = read_index(train_index)
    before = fingerprint(settings, table)
    assert fingerprint(settings, table.assign(path="moved")) == before
    assert fingerprint(settings, table.assign(frames=table["frames"] + 1)) != before
    faster = settings.model_copy(update={"machine": settings.machine.model_copy(
        update={"workers": 3, "threads": 2}
    )})  # fmt: skip
    assert fingerprint(faster, table) == before


@pytest.mark.slow
def test_other_settings_start_afresh(
    settings: RunSettings, tiny_run: Run, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    other = settings.model_copy(update={"seed": 7})
    train(other, train_index, tmp_path)
    assert (tmp_path / "labels.csv").read_bytes() != (undisturbed / "labels.csv").read_bytes()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)
    assert list((tmp_path / "state.earlier").glob("step-*"))
    kept = sorted(path.name for path in (tmp_path / "state.earlier").iterdir())
    train(other, train_index, tmp_path)
    assert list((tmp_path / "state.earlier-2").glob("step-*"))
    assert sorted(path.name for path in (tmp_path / "state.earlier").iterdir()) == kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "sections",
    [
        {"modalities": ["video"]},
        {"modalities": ["audio"]},
        {"network": {"heads": 1, "clusters": 4, "head": "linear"}, "labelling": {"groups": 1}},
        {"labelling": {"marginals": "uniform", "align": False, "source": "pass"}},
        {"labelling": {"consensus": True}},
        {"training": {"batch_size": 3, "accumulation": 2}},
    ],
    ids=lambda s: "-".join(s),
)
def test_variants_train(
    tiny_run: Run, train_index: Path, tmp_path: Path, sections: dict[str, dict[str, object]]
) -> None:
    train(tiny_run(**sections), train_index, tmp_path)
    assert pd.read_csv(tmp_path / "log.csv")["loss"].between(0.1, 5).all()


@pytest.mark.slow
def test_one_set_of_heads_on_both_modalities(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    """Features side by side, from training to assignments, logits and their scores."""
    settings = tiny_run(
        network={"heads": 1, "fusion": "concat"}, labelling={"align": False, "groups": 1}
    )
    train(settings, train_index, tmp_path)
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert set(labels["head0"]) == set(range(4))
    log = pd.read_csv(tmp_path / "log.csv")
    assert log["loss_video+audio"].tolist() == log["loss"].tolist()
    network = load_model(tmp_path / "model.pt")[0]
    wide = network.heads["video+audio"][0][1].weight
    assert wide.shape[1] == 128 + 128
    model, table, logits = tmp_path / "model.pt", tmp_path / "a.csv", tmp_path / "logits.pt"
    given = ["--model", str(model), "--index", str(train_index)]
    assert main(["assign", *given, "--csv", str(table), "--pickle", str(tmp_path / "a.pkl")]) == 0
    assert main(["logits", *given, "--output", str(logits)]) == 0
    assigned = pd.read_csv(table)
    assert assigned["cluster"].between(0, 3).all()
    assert [c for c in assigned if c.endswith("_head0")] == ["video+audio_head0"]
    exported = read_logits(logits).clusters()
    assert exported["video+audio"][:, 0].tolist() == assigned["cluster"].tolist()
    for source in (["--logits", str(logits)], ["--assignments", str(table)]):
        assert main(["metrics", *source, "--output", str(tmp_path / "m.csv")]) == 0
        assert set(pd.read_csv(tmp_path / "m.csv")["modality"]) == {"video+audio"}


@pytest.mark.slow
def test_two_processes_label_every_clip(undisturbed_pair: Path) -> None:
    labels = pd.read_csv(undisturbed_pair / "labels.csv")
    assert labels["sample"].tolist() == list(range(24))
    for head in ("head0", "head1"):
        assert labels[head].between(0, 3).all()
        assert labels[head].nunique() > 1


def test_too_few_clips_are_said(tiny_run: Run, train_index: Path, tmp_path: Path) -> None:
    settings = tiny_run(training={"batch_size": 32})
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert "24 training clips are too few" in words(tmp_path)
    settings = tiny_run(training={"batch_size": 8, "accumulation": 4})
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert "batch_size = 8 x training.accumulation = 4 x 1 processes" in words(tmp_path)
    assert "Traceback" not in words(tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        load_model(tmp_path / "absent.pt")
    (tmp_path / "x.pt").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="is not a selavi model"):
        load_model(tmp_path / "x.pt")
    torch.save({"weights": {}}, tmp_path / "y.pt")
    with pytest.raises(UserError, match="its format is not 'selavi-model-1'"):
        load_model(tmp_path / "y.pt")
    torch.save({"code": os.system}, tmp_path / "z.pt")
    with pytest.raises(UserError, match="is not a selavi model"):
        load_model(tmp_path / "z.pt")
