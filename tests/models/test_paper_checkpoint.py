"""The authors' checkpoint format, made here from torchvision's own networks under its names."""

import argparse
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models.video import r2plus1d_18

from selavi.batch import Batch
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from tests.models.released import CLUSTERS, checkpoint, own_statistics


@pytest.mark.parametrize(
    ("heads", "linear", "legacy", "blocks"),
    [
        (3, False, False, 1),
        (1, False, False, 1),
        (2, True, False, 1),
        (3, False, True, 1),
        (3, False, False, 2),
    ],
    ids=["three", "one", "linear", "container-before-torch-1.6", "resnet-18"],
)
@torch.no_grad()
def test_it_computes_what_the_original_computes(
    tmp_path: Path, heads: int, linear: bool, legacy: bool, blocks: int
) -> None:
    original, content = checkpoint(heads, linear, blocks)
    path = tmp_path / "model.pth.tar"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    network, settings, facts = load_model(path)
    assert (settings.network.heads, settings.network.clusters) == (heads, CLUSTERS)
    assert settings.network.head == ("linear" if linear else "mlp")
    assert settings.audio.normalise == "fixed"
    assert settings.network.audio_encoder == ("resnet_9" if blocks == 1 else "resnet_18")
    assert facts["clips"] == 60 and facts["epoch"] == 199
    assert facts["head"] in ({1, 2} if heads > 2 else {0, 1})
    clips = Batch(torch.arange(2), torch.randn(2, 3, 4, 32, 32), torch.randn(2, 1, 257, 99))
    features, logits = network(clips)
    for modality, letter in (("video", "v"), ("audio", "a")):
        pooled = getattr(original, f"{modality}_network").base(getattr(clips, modality))
        torch.testing.assert_close(features[modality], pooled, atol=1e-4, rtol=1e-4)
        for h in range(heads):
            head = getattr(original, f"mlp_{letter}{h if heads > 1 else ''}")
            torch.testing.assert_close(logits[modality][h], head(pooled), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("module.audio_network.base.conv1.weight"), "1 weights .*audio.conv1"),
        (lambda w: w.update({"module.extra.weight": torch.ones(1)}), r"1 weights .*extra\.weight"),
        (lambda w: w.update({"module.video_network.base.more": torch.ones(1)}), "video.more"),
        (
            lambda w: w.update({"module.audio_network.base.conv1.weight": torch.ones(64, 3, 7, 7)}),
            "the shape or kind of 1 weights",
        ),
        (lambda w: [w.pop(k) for k in list(w) if "mlp_v" in k], "it has no head mlp_v or mlp_v0"),
        (
            lambda w: w["module.mlp_a1.block_forward.8.bias"].fill_(torch.nan),
            "heads.audio.1.5.bias holds NaN or infinity; get the file again",
        ),
        (
            lambda w: w["module.video_network.base.stem.1.running_var"].fill_(torch.inf),
            r"video.stem.1.running_var holds NaN or infinity",
        ),
        (lambda w: w.update({"module.mlp_v0.x": "text"}), r"mlp_v0\.x is not a plain tensor"),
        (
            lambda w: w.update({"mlp_a.block_forward.8.bias": torch.ones(7)}),
            r"weight heads\.audio\.0\.5\.bias twice, as mlp_a0\.\S+ and as mlp_a\.block_forward",
        ),
    ],
    ids=[
        "missing",
        "unknown",
        "unknown-in-encoder",
        "shape",
        "headless",
        "nan",
        "inf",
        "not-tensor",
        "twice",
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, change: Any, message: str) -> None:
    _, content = checkpoint()
    change(content["model"])
    torch.save(content, tmp_path / "model.pth.tar")
    with pytest.raises(UserError, match=message):
        load_model(tmp_path / "model.pth.tar")


def test_labels_of_other_heads_are_named(tmp_path: Path) -> None:
    _, content = checkpoint()
    torch.save(content | {"selflabels": torch.zeros(60, 2)}, tmp_path / "model.pth.tar")
    with pytest.raises(UserError, match=r"selflabels has the shape \(60, 2\).* 3 heads"):
        load_model(tmp_path / "model.pth.tar")


class Owned:
    """A script's class that a checkpoint may hold; made when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "container-before-torch-1.6"])
def test_a_scripts_arguments_are_left_unread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, legacy: bool
) -> None:
    _, content = checkpoint()
    path = tmp_path / "model.pth.tar"
    content |= {"args": argparse.Namespace(lr=0.01, folder=Path("/data")), "best": [{"of": Owned}]}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with caplog.at_level(logging.INFO, "selavi"):
        network, _, _ = load_model(path)
    assert f"{path}: ignored args (argparse.Namespace), best.of (" in caplog.text
    weights = network.state_dict()
    expected = content["model"]["module.audio_network.base.conv1.weight"]
    assert torch.equal(weights["encoders.audio.conv1.weight"], expected)


def test_code_in_a_checkpoint_does_not_run(tmp_path: Path) -> None:
    _, content = checkpoint()
    path = tmp_path / "model.pth.tar"
    for harm in (Owned(tmp_path / "owned"), eval):
        torch.save(content | {"args": harm}, path)
        with pytest.raises(UserError, match="holds the weights alone") as caught:
            load_model(path)
        assert "trust" not in str(caught.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("trunk", "layer", "bias"),
    [
        ("module.video_network.base", "module.classifier", True),
        ("video_network.base", "head.1", False),
        ("model.base", "model.base.fc", True),
    ],
)
@torch.no_grad()
def test_a_finetuned_model_gives_its_classes(
    tmp_path: Path, trunk: str, layer: str, bias: bool
) -> None:
    torch.manual_seed(1)
    original = r2plus1d_18(weights=None)
    original.fc = nn.Linear(512, CLUSTERS, bias=bias)
    own_statistics(original)
    weights = {
        (f"{layer}.{key[3:]}" if key.startswith("fc.") else f"{trunk}.{key}"): value
        for key, value in original.state_dict().items()
    }
    path = tmp_path / "finetuned.pth.tar"
    torch.save({"epoch": 11, "model": weights, "args": argparse.Namespace(fold=1)}, path)
    network, settings, facts = load_model(path)
    assert settings.modalities == ["video"] and network.modalities == ["video"]
    assert (settings.network.clusters, settings.network.heads) == (CLUSTERS, 1)
    assert (facts["epoch"], facts["head"]) == (11, 0)
    clips = torch.randn(2, 3, 4, 32, 32)
    _, logits = network(Batch(torch.arange(2), clips, None))
    expected = original.eval()(clips)
    torch.testing.assert_close(logits["video"][0], expected, atol=1e-4, rtol=1e-4)
