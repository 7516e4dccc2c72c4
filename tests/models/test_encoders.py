"""The encoders: shapes, sizes, layouts."""

import pytest
import torch
from torch.nn import Conv2d, Conv3d

from selavi.models.encoders import (
    NarrowAudio,
    PlaneConv,
    audio_encoder,
    feature_size,
    video_encoder,
)

Kernel = tuple[int, int, int]


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
