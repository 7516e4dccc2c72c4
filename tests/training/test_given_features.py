"""Training on features that are given, alone or beside an encoder that is trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from selavi.cli import main
from selavi.config_file import parse
from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import open_clips
from selavi.data.sampling import pass_batches, training_batches
from selavi.data.schema import read_index
from selavi.data.sources.clip_table import ClipTable
from selavi.evaluation.logits import read_logits
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from selavi.models.preparation import Preparation
from selavi.settings import RunSettings
from selavi.training.resume import fingerprint
from tests.training.runs import first_save, same_result, start, train, wait, words

Run = Callable[..., RunSettings]
CLIPS, KINDS = 96, 4
BOTH = {"video_encoder": "frozen", "audio_encoder": "frozen", "dims": 6}


def freeze(run: RunSettings, **network: object) -> RunSettings:
    raw = run.model_dump(mode="json")
    return parse(raw | {"network": raw["network"] | network}, RunSettings, "test")


def save(path: Path, ids: pd.Series, rows: np.ndarray, *rejected: tuple[str, str]) -> Path:
    kept = ~ids.isin([name for name, _ in rejected]).to_numpy()
    more = {"rejected": np.array(rejected)} if rejected else {}
    np.savez(path, ids=ids[kept].to_numpy(str), features=rows[kept].astype(np.float32), **more)
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index of 96 clips of four kinds without media; video.npz and audio.npz tell them apart."""
    folder = tmp_path_factory.mktemp("clips")
    kinds = np.arange(CLIPS) % KINDS
    keys = [f"{n:03d}" for n in range(CLIPS)]
    pd.DataFrame({"key": keys, "label": kinds}).to_csv(folder / "clips.csv", index=False)
    outputs = [folder / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    ids = ClipTable(folder / "clips.csv").write_index(*outputs)["id"]
    random = np.random.default_rng(3)
    for modality, size in (("video", 12), ("audio", 8)):
        centres = 2 * random.standard_normal((KINDS, size))
        rows = centres[kinds] + 0.5 * random.standard_normal((CLIPS, size))
        save(folder / f"{modality}.npz", ids, rows)
    return outputs[0]


@pytest.fixture(scope="module")
def frozen(tiny_run: Run) -> RunSettings:
    run = tiny_run(
        network={"heads": 3, "dropout": 0.0},
        training={"epochs": 12, "batch_size": 32},
        labelling={"optimisations": 12},
    )
    return freeze(run, **BOTH)


def given(folder: Path, *modalities: str) -> list[str]:
    return [f"--features={m}={folder / m}.npz" for m in modalities or ("video", "audio")]


@pytest.fixture(scope="module")
def trained(clips: Path, frozen: RunSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("trained")
    train(frozen, clips, output, *given(clips.parent))
    return output


def test_heads_learn_the_kinds(trained: Path, clips: Path, tmp_path: Path) -> None:
    """Then assign, metrics and logits of the same features."""
    network, settings, facts = load_model(trained / "model.pt")
    video = network.encoders["video"]
    assert isinstance(video, Preparation)
    assert (len(video.mean), video.features, settings.frozen) == (12, 6, ["video", "audio"])
    assert settings.decoded == []
    assert facts["media"] == {}
    files = given(clips.parent)
    csv, scores, logits = (tmp_path / name for name in ("a.csv", "m.csv", "l.pt"))
    read = ["--model", str(trained / "model.pt"), "--index", str(clips), *files]
    assert main(["assign", *read, "--csv", str(csv), "--pickle", str(tmp_path / "a.pkl")]) == 0
    assert main(["metrics", "--assignments", str(csv), "--output", str(scores)]) == 0
    table = pd.read_csv(scores)
    assert table.loc[table["choice"] == "agreement", "nmi"].max() > 0.9
    assert main(["logits", *read, "--output", str(logits)]) == 0
    assert len(read_logits(logits).labels) == CLIPS


def test_a_resumed_training_gives_the_same(
    trained: Path, clips: Path, frozen: RunSettings, tmp_path: Path
) -> None:
    once = frozen.model_copy(update={"machine": frozen.machine.model_copy(update={"workers": 0})})
    ranks = start(
        once, clips, tmp_path, *given(clips.parent), kill_at=("selavi.training.loop:add", 15)
    )
    first_save(ranks, tmp_path)
    assert wait(ranks) != [0]
    train(once, clips, tmp_path, *given(clips.parent))
    assert "resuming from epoch" in words(tmp_path)
    same_result(tmp_path, trained)


@pytest.mark.slow
def test_two_processes_have_one_preparation(
    clips: Path, frozen: RunSettings, tmp_path: Path
) -> None:
    settings = frozen.model_copy(
        update={"training": frozen.training.model_copy(update={"batch_size": 16})}
    )
    train(settings, clips, tmp_path, *given(clips.parent), world=2)
    network, _, _ = load_model(tmp_path / "model.pt")
    rows = np.load(clips.parent / "audio.npz")["features"]
    fitted = Preparation.fit(rows, "l2_pca", 6, settings.seed)
    torch.testing.assert_close(network.encoders["audio"].state_dict(), dict(fitted.state_dict()))


def test_features_that_are_not_given_are_asked_for(
    clips: Path, frozen: RunSettings, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"the audio encoder of the run is 'frozen', .*--features"):
        open_clips(clips, frozen, features={"video": clips.parent / "video.npz"})
    arguments = given(clips.parent, "video")
    assert wait(start(frozen, clips, tmp_path, *arguments)) == [1]
    assert "name their file: --features audio=FILE" in words(tmp_path)
    assert wait(start(frozen, clips, tmp_path, "--features", "sound=a.npz")) == [1]
    assert "write video=FILE or audio=FILE" in words(tmp_path)


def test_a_rejected_clip_has_no_cluster(
    trained: Path, clips: Path, frozen: RunSettings, tmp_path: Path
) -> None:
    table = read_index(clips)
    rows = np.load(clips.parent / "video.npz")["features"]
    video = save(tmp_path / "video.npz", table["id"], rows, (table["id"][7], "no frames"))
    files = {"video": video, "audio": clips.parent / "audio.npz"}
    opened = open_clips(clips, frozen, features=files)
    with pytest.raises(UserError, match=r"1 of 96 clips are corrupt, .*\n  007: no video features"):
        list(CorruptClips(opened).counted(pass_batches(opened, batch_size=96)))
    tolerant = replace(opened, max_corrupt=0.1)
    (batch,) = pass_batches(tolerant, batch_size=96)
    assert len(batch.sample) == 95 and 7 not in batch.sample
    assert batch.corrupt == {7: "no video features: no frames"}
    (batch,) = training_batches(tolerant, seed=0, epoch=0, batch_size=96, views=2)
    assert len(batch.sample) == 192 and 7 not in batch.sample
    torch.testing.assert_close(batch.of("video"), torch.tensor(rows)[batch.sample])


def test_other_features_are_another_training(clips: Path, frozen: RunSettings) -> None:
    table, rows = read_index(clips), np.zeros((CLIPS, 2), np.float32)
    same = fingerprint(frozen, table, features={"video": rows})
    assert fingerprint(frozen, table, features={"video": rows.copy()}) == same
    assert fingerprint(frozen, table, features={"video": rows + 1}) != same
    assert fingerprint(frozen, table, features={"audio": rows}) != same


@pytest.mark.slow
def test_one_encoder_is_trained_beside_given_features(
    train_index: Path, tiny_run: Run, tmp_path: Path
) -> None:
    """Real videos: their audio is decoded and trained on, features stand for the video."""
    table = read_index(train_index)
    rows = np.random.default_rng(0).standard_normal((len(table), 10))
    (tmp_path / "features").mkdir()
    save(tmp_path / "features/video.npz", table["key"], rows)
    settings = freeze(tiny_run(), video_encoder="frozen", dims=4)
    assert (settings.frozen, settings.decoded) == (["video"], ["audio"])
    files = given(tmp_path / "features", "video")
    train(settings, train_index, tmp_path, *files)
    network, _, _ = load_model(tmp_path / "model.pt")
    assert isinstance(network.encoders["video"], Preparation)
    first = next(network.encoders["audio"].parameters())
    assert first.requires_grad
    csv, model = tmp_path / "a.csv", str(tmp_path / "model.pt")
    read = ["--model", model, "--index", str(train_index), *files, "--workers", "1"]
    assert main(["assign", *read, "--csv", str(csv), "--pickle", str(tmp_path / "a.pkl")]) == 0
    assert (pd.read_csv(csv)["cluster"] >= 0).all()
    section = tmp_path / "baselines.yaml"
    section.write_text("{}")
    out = tmp_path / "b.csv"
    assert main(["baselines", *read, "--settings", str(section), "--output", str(out)]) == 0
    methods = set(pd.read_csv(out)["method"])
    assert {"k-means raw", "k-means untrained", "k-means trained"} <= methods
