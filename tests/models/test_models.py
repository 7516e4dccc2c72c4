from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import Conv2d, Conv3d

from selavi.batch import Batch
from selavi.files import UserError
from selavi.models.checkpoint import build_network, load_model, save_model
from selavi.models.encoders import (
    NarrowAudio,
    PlaneConv,
    audio_encoder,
    feature_size,
    video_encoder,
)
from selavi.models.network import Network
from selavi.settings import NetworkSettings, RunSettings

Kernel = tuple[int, int, int]


def batch(clips: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        torch.arange(clips),
        torch.randn(clips, 1, 6, 32, 32, generator=generator),
        torch.randn(clips, 1, 40, 99, generator=generator),
    )


def narrow(**settings: object) -> Network:
    torch.manual_seed(0)
    base = {
        "video_encoder": "r2plus1d_narrow", "audio_encoder": "resnet_narrow",
        "clusters": 5, "heads": 3, "hidden": 16,
    }  # fmt: skip
    return Network(NetworkSettings(**(base | settings)), ["video", "audio"], channels=1)


@pytest.mark.parametrize(
    ("encoder", "shape", "millions"),
    [
        (video_encoder("r2plus1d_18", 3), (2, 3, 8, 56, 56), 31.3),
        (audio_encoder("resnet_9"), (2, 1, 257, 99), 4.9),
    ],
    ids=["r2plus1d_18", "resnet_9"],
)
def test_the_papers_encoders(
    encoder: torch.nn.Module, shape: tuple[int, ...], millions: float
) -> None:
    with torch.no_grad():
        assert encoder(torch.randn(shape)).shape == (2, 512)
    assert feature_size(encoder) == 512
    assert sum(p.numel() for p in encoder.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        ((1, 7, 7), (1, 1, 1), (0, 3, 3)),
        ((3, 1, 1), (2, 1, 1), (1, 0, 0)),
        ((1, 1, 1), (2, 2, 2), (0, 0, 0)),
    ],
)
def test_convolutions_in_planes_are_the_3d_ones(
    kernel: Kernel, stride: Kernel, padding: Kernel
) -> None:
    """Channels last they go another way: same outputs, gradients, and layout for the next one."""
    convolution = PlaneConv(3, 5, kernel, stride, padding, bias=False)
    convolution.to(memory_format=torch.channels_last_3d)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last_3d):
        convolution.zero_grad()
        x = torch.linspace(-1, 1, 2 * 3 * 7 * 9 * 9).reshape(2, 3, 7, 9, 9)
        x = x.contiguous(memory_format=layout).requires_grad_()
        out = convolution(x)
        out.square().sum().backward()
        results.append((out, x.grad, convolution.weight.grad))
    assert results[1][0].is_contiguous(memory_format=torch.channels_last_3d)
    for plain, planes in zip(*results, strict=True):
        torch.testing.assert_close(plain, planes, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("encoder", [video_encoder("r2plus1d_narrow", 1), NarrowAudio()])
def test_widths_of_the_narrow_encoders_fill_vectors(encoder: torch.nn.Module) -> None:
    """CPUs compute 8 channels or more at a time: every width is a multiple of 8."""
    widths = [m.out_channels for m in encoder.modules() if isinstance(m, Conv2d | Conv3d)]
    assert len(widths) > 9
    assert not any(width % 8 for width in widths)


@pytest.mark.parametrize("head", ["mlp", "linear"])
def test_renumbering_a_head_renumbers_its_outputs_alone(head: str) -> None:
    network = narrow(head=head).eval()
    with torch.no_grad():
        before = network(batch())[1]["audio"]
        order = torch.tensor([3, 1, 4, 0, 2])
        network.permute_head("audio", 1, order)
        after = network(batch())[1]["audio"]
    assert torch.allclose(after[1], before[1][:, order], atol=1e-6)
    assert torch.equal(after[[0, 2]], before[[0, 2]])


def test_shapes_and_heads_apart() -> None:
    network = narrow().eval()
    with torch.no_grad():
        features, logits = network(batch())
        chosen = network.logits("video", features["video"], [2])
    assert {m: tuple(rows.shape) for m, rows in features.items()} == {
        "video": (4, 128), "audio": (4, 128),
    }  # fmt: skip
    assert logits["video"].shape == (3, 4, 5)
    assert torch.equal(chosen[0], logits["video"][2])
    assert not torch.allclose(logits["video"][0], logits["video"][1])


def test_a_model_gone_bad_is_named(tiny_run: Callable[..., RunSettings], tmp_path: Path) -> None:
    settings = tiny_run()
    network = build_network(settings)
    next(network.parameters()).data[0] = torch.nan
    save_model(tmp_path / "model.pt", network, settings, {"head": 0})
    with pytest.raises(UserError, match=r"model\.pt: .* holds NaN or infinity"):
        load_model(tmp_path / "model.pt")
