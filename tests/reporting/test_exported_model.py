"""Models for other programs: the README's own code reads them back, with equal outputs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from selavi.batch import Batch
from selavi.cli import main
from selavi.evaluation.scores import SCORES
from selavi.models.checkpoint import build_network, load_model, save_model
from selavi.models.export import WRITERS
from selavi.models.preparation import Preparation
from selavi.settings import RunSettings
from tests.models.released import checkpoint
from tests.reporting.exports import FACTS, export, paper_run, saved

Run = Callable[..., RunSettings]


def code_of(folder: Path) -> dict[str, str]:
    """The README's code by file."""
    text = (folder / "README.md").read_text()
    return dict(re.findall(r"`([\w.]+)`:\n\n```python\n(.*?)\n```", text, re.DOTALL))


CLIPS = Batch(torch.arange(2), torch.randn(2, 3, 4, 32, 32), torch.randn(2, 1, 64, 99))


@pytest.mark.slow
@pytest.mark.parametrize(
    "network", [{}, {"head": "linear", "audio_encoder": "resnet_18"}, {"heads": 1}]
)
@torch.no_grad()
def test_each_format_is_read_back_with_equal_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: dict[str, Any]
) -> None:
    settings = paper_run(**network)
    facts = FACTS | {"head": settings.network.heads - 1}
    original = saved(tmp_path / "model.pt", settings, facts)
    output = tmp_path / "out"
    assert export(tmp_path / "model.pt", output, "torchvision", "safetensors", "released") == 0
    code = code_of(output)
    assert {*code, "README.md"} == {path.name for path in output.iterdir()}
    features, logits = original(CLIPS)
    monkeypatch.chdir(output)
    for modality in ("video", "audio"):
        names: dict[str, Any] = {}
        exec(code[f"{modality}_encoder.pth"], names)
        got = names[modality](CLIPS.of(modality))
        torch.testing.assert_close(got, features[modality], rtol=0, atol=1e-5)
    for file in ("model.safetensors", "model.pth.tar"):
        names = {}
        exec(code[file], names)
        assert (names["settings"], names["facts"]) == (settings, facts)
        for one, other in zip((features, logits), names["network"](CLIPS), strict=True):
            for modality in one:
                torch.testing.assert_close(one[modality], other[modality], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_the_release_is_read_without_our_part(tmp_path: Path) -> None:
    """As the authors' programs read it: by the names and shapes of the weights."""
    original = saved(tmp_path / "model.pt", paper_run())
    assert export(tmp_path / "model.pt", tmp_path, "released") == 0
    content = torch.load(tmp_path / "model.pth.tar", weights_only=True)
    _, theirs = checkpoint(heads=2)
    assert content["model"].keys() == theirs["model"].keys()
    del content["selavi"]
    torch.save(content, tmp_path / "plain.pth.tar")
    network, settings, facts = load_model(tmp_path / "plain.pth.tar")
    assert settings.dataset == "released" and facts["head"] == 0
    for name, value in original.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name


@pytest.mark.slow
def test_a_released_model_is_exported_too(tmp_path: Path) -> None:
    _, content = checkpoint(heads=3)
    torch.save(content, tmp_path / "ave.pth.tar")
    assert export(tmp_path / "ave.pth.tar", tmp_path / "out", "released", "safetensors") == 0
    first = load_model(tmp_path / "ave.pth.tar")
    for file in ("model.pth.tar", "model.safetensors"):
        network, settings, facts = load_model(tmp_path / "out" / file)
        assert (settings, facts) == first[1:]
        for name, value in first[0].state_dict().items():
            assert torch.equal(network.state_dict()[name], value), name
    assert "does not allow commercial use" in (tmp_path / "out/README.md").read_text()
    exported = torch.load(tmp_path / "out/model.pth.tar", weights_only=True)
    for name, value in content["model"].items():
        assert torch.equal(exported["model"][name], value), name


@pytest.mark.slow
def test_a_part_of_ours_that_does_not_fit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path / "model.pt", paper_run())
    export(tmp_path / "model.pt", tmp_path, "released")
    content = torch.load(tmp_path / "model.pth.tar", weights_only=True)
    for change in (
        {"settings": paper_run(clusters=7).model_dump(mode="json"), "facts": FACTS},
        {"settings": content["selavi"]["settings"], "facts": {"head": 7}},
    ):
        torch.save(content | {"selavi": change}, tmp_path / "changed.pth.tar")
        assert export(tmp_path / "changed.pth.tar", tmp_path / "out", "safetensors") == 1
        said = capsys.readouterr().err
        assert "changed.pth.tar" in said and "unexpected error" not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torchvision", "torchvision has no network of network.video_encoder = r2plus1d_narrow"),
        ("released", "no network with network.video_encoder = r2plus1d_narrow and network.audio"),
    ],
)
def test_a_narrow_network_is_no_network_of_theirs(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    saved(tmp_path / "model.pt", tiny_run(), {"head": 0})
    assert export(tmp_path / "model.pt", tmp_path / "out", name) == 1
    said = capsys.readouterr().err
    assert words in said and "use --format safetensors" in said
    assert not list(tmp_path.glob("out/*"))


def test_the_readme_of_something_else_stays(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path / "model.pt", tiny_run(), {"head": 0})
    (tmp_path / "README.md").write_text("# My project\n")
    assert export(tmp_path / "model.pt", tmp_path, "safetensors") == 1
    assert f"{tmp_path}/README.md is not of selavi export" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == "# My project\n"
    (tmp_path / "README.md").unlink()
    assert export(tmp_path / "model.pt", tmp_path, "safetensors") == 0
    assert export(tmp_path / "model.pt", tmp_path, "safetensors") == 0  # its own is replaced


@pytest.mark.slow
def test_the_readme_says_what_it_is(tmp_path: Path) -> None:
    settings = paper_run()
    saved(tmp_path / "model.pt", settings)
    rows = [
        {"modality": m, "choice": c, "head": h, "honest": c == "agreement", "clips": 24,
         "dataset": "mine", "split": "test", **dict.fromkeys(SCORES, value)}
        for m, c, h, value in (
            ("video+audio", "agreement", "1", 0.25), ("video+audio", "oracle", "0", 0.75),
            ("video", "agreement", "1", 0.5), ("video+audio", "head", "0", 0.75),
        )
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "metrics.csv", index=False)
    assert export(tmp_path / "model.pt", tmp_path, "safetensors",
                  "--metrics", str(tmp_path / "metrics.csv")) == 0  # fmt: skip
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("# SeLaVi model: 5 clusters, trained on mine\n")
    for line in (
        "| clips | 24 |", "| steps | 30 |", "| heads | 2 (mlp), fusion late |",
        "| video encoder | `r2plus1d_18`, 31.3 million parameters |",
        "- videos were stored at 30 frames/s, 160 pixels on the short side, 24000 Hz",
        "  filters: 64", "which was trained with classes",
    ):  # fmt: skip
        assert line in text, line
    scores = [line for line in text.splitlines() if line.startswith("| mine test |")]
    assert len(scores) == 2
    assert "1 (selected without classes) | honest | 0.250 |" in scores[0]
    assert "0 (best by the classes) | oracle | 0.750 |" in scores[1]
    assert "no scores of learning without labels" in text
    assert "commercial" not in text


def test_a_model_of_given_features(tmp_path: Path) -> None:
    settings = paper_run(video_encoder="frozen", audio_encoder="frozen", preparation="l2_pca")
    network = build_network(settings, {"video": 6, "audio": 3})
    for name, size in (("video", 6), ("audio", 3)):
        rows = torch.randn(9, size).numpy()
        network.encoders[name] = Preparation.fit(rows, "l2_pca", settings.network.dims)
    save_model(tmp_path / "model.pt", network, settings, FACTS)
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors") == 0
    text = (tmp_path / "out/README.md").read_text()
    assert "| video encoder | `frozen`, not part of the model |" in text
    assert "- audio: features of the encoder `frozen`" in text
    assert "log-mel" not in text
    read, _, _ = load_model(tmp_path / "out/model.safetensors")
    torch.testing.assert_close(read.state_dict(), network.state_dict())
    assert export(tmp_path / "model.pt", tmp_path / "other", "released") == 1


def test_a_model_of_silent_videos(tiny_run: Run, tmp_path: Path) -> None:
    media = {"fps": 8.0, "short_side": 32}
    saved(tmp_path / "model.pt", tiny_run(modalities=["video"]), {"head": 0, "media": media})
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors") == 0
    text = (tmp_path / "out/README.md").read_text()
    assert "- videos were stored at 8 frames/s, 32 pixels on the short side\n" in text


def test_nothing_is_written_if_one_format_does_not_fit(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path / "model.pt", tiny_run(), {"head": 0})
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors", "released") == 1
    assert "no network with network.video_encoder" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


def test_the_command_offers_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert f"{{{','.join(WRITERS)}}}" in capsys.readouterr().out
