"""The model of a run whose weights are given: of the authors' format, and of ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from selavi.batch import Batch
from selavi.config_file import read_section
from selavi.files import UserError
from selavi.models.checkpoint import build_network, load_model, save_model
from selavi.models.import_model import import_model
from selavi.models.zoo import FOLDER, digest_of
from selavi.settings import RunSettings
from tests.models.released import checkpoint

PAPER: dict[str, Any] = {
    "dataset": "mine", "audio": {"normalise": "fixed"}, "network": {"clusters": 28, "heads": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "selavi_ave.pth"
    _, content = checkpoint(heads=3, clusters=28)
    torch.save(content, path)
    return path


def paper_run(weights: object, **sections: dict[str, Any]) -> RunSettings:
    """As the released file, of 3 heads with 12 hidden units; keyword arguments override."""
    network = PAPER["network"] | {"hidden": 12} | sections.pop("network", {})
    raw = PAPER | {"network": network, "weights": str(weights)} | sections
    return RunSettings.model_validate(raw)


@torch.no_grad()
def test_a_released_model_becomes_the_runs(released: Path, tmp_path: Path) -> None:
    run = paper_run(released, training={"epochs": 7})
    import_model(run, tmp_path)
    network, settings, facts = load_model(tmp_path / "model.pt")
    original, theirs, _ = load_model(released)
    assert settings.dataset == "mine"  # by which tables credit scores
    assert settings.training == theirs.training  # not the run's, which did not train
    assert facts["weights"] == {
        "source": str(released), "sha256": digest_of(released), "dataset": "released",
    }  # fmt: skip
    assert facts["version"] == "released" and facts["epoch"] == 199 and facts["clips"] == 60
    assert read_section(tmp_path / "config.yaml", RunSettings) == settings
    clips = Batch(torch.arange(2), torch.randn(2, 3, 4, 32, 32), torch.randn(2, 1, 257, 99))
    for modality, logits in original(clips)[1].items():
        assert torch.equal(logits, network(clips)[1][modality])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {"clusters": 309}}, "network.clusters = 309, not 28"),
        ({"network": {"heads": 10}}, "network.heads = 10, not 3"),
        ({"network": {"hidden": 512}}, "network.hidden = 512, not 12"),
        ({"network": {"audio_encoder": "resnet_18"}}, "audio_encoder = resnet_18, not resnet_9"),
        ({"audio": {}}, "audio.normalise = none, not fixed"),
        ({"video": {"grey": True}}, "video.grey = True, not False"),
        ({"modalities": ["video"]}, r"modalities = \['video'\], not \['audio', 'video'\]"),
        (
            {"network": {"clusters": 5}, "video": {"normalise": "clip"}},
            "network.clusters = 5, not 28; video.normalise = clip, not fixed; set them to",
        ),
    ],
)
def test_settings_that_contradict_the_file_are_named(
    released: Path, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=rf"settings contradict {released}: .*{words}"):
        import_model(paper_run(released, **change), tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_clips_are_worth_a_warning_where_the_file_does_not_hold_them(
    released: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import_model(paper_run(released, video={"frames": 8, "fps": 8.0}), tmp_path)
    assert "video.frames = 8, not 30; video.fps = 8.0, not 30.0" in caplog.text


def test_a_model_of_ours(tiny_run: Callable[..., RunSettings], tmp_path: Path) -> None:
    """Its clips are in the file; what only a training uses may differ."""
    settings, path = tiny_run(), tmp_path / "trained.pt"
    facts = {"version": "0.1.0", "head": 1, "media": {"fps": 8.0, "audio_rate": 16000}}
    save_model(path, build_network(settings), settings, facts)
    run = tiny_run(weights=str(path), training={"epochs": 9}, network={"dropout": 0.1})
    import_model(run, tmp_path / "run")
    _, kept, kept_facts = load_model(tmp_path / "run/model.pt")
    assert kept.training == settings.training
    assert kept_facts.items() >= facts.items()
    run = tiny_run(weights=str(path), video={"frames": 5}, audio={"fft": 1024})
    with pytest.raises(UserError, match=r"video.frames = 5, not 6; audio.fft = 1024, not 512"):
        import_model(run, tmp_path / "run")


def test_a_model_of_video_alone_says_nothing_of_audio(
    tiny_run: Callable[..., RunSettings], tmp_path: Path
) -> None:
    settings, path = tiny_run(modalities=["video"]), tmp_path / "trained.pt"
    save_model(path, build_network(settings), settings, {"version": "0.1.0", "head": 0})
    other = {"fft": 1024, "normalise": "none"}
    run = tiny_run(modalities=["video"], weights=str(path), audio=other)
    import_model(run, tmp_path / "run")
    with pytest.raises(UserError, match=r"modalities = \['audio', 'video'\], not \['video'\]"):
        import_model(tiny_run(weights=str(path)), tmp_path / "run")


@torch.no_grad()
def test_joined_features_keep_the_order_of_the_file(
    tiny_run: Callable[..., RunSettings], tmp_path: Path
) -> None:
    joined: dict[str, Any] = {"network": {"fusion": "concat"}, "labelling": {"align": False}}
    path = tmp_path / "trained.pt"
    settings = tiny_run(modalities=["video", "audio"], **joined)
    save_model(path, build_network(settings), settings, {"version": "0.1.0", "head": 0})
    run = tiny_run(modalities=["audio", "video"], weights=str(path), **joined)
    import_model(run, tmp_path / "run")
    original, given = load_model(path)[0], load_model(tmp_path / "run/model.pt")[0]
    audio = torch.randn(8, 1, settings.audio.filters, 99)
    clips = Batch(torch.arange(8), torch.randn(8, 1, 4, 32, 32), audio)
    for name, logits in original(clips)[1].items():
        assert torch.equal(logits, given(clips)[1][name])


def test_weights_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(UserError, match="run `selavi zoo get ave`"):
        import_model(paper_run("zoo:ave"), tmp_path / "run")
    with pytest.raises(UserError, match="the run has no weights"):
        import_model(RunSettings.model_validate(PAPER), tmp_path / "run")
