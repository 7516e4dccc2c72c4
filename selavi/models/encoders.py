"""Encoders by name: R(2+1)D-18, ResNet-9 and ResNet-18, and narrow ones of the same families.

An encoder maps a batch of clips to pooled features (B, D); its attribute `features` is D.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock as ImageBlock
from torchvision.models.resnet import ResNet
from torchvision.models.video import r2plus1d_18
from torchvision.models.video.resnet import BasicBlock as VideoBlock

NARROW_WIDTHS = (16, 32, 64, 128)


def feature_size(encoder: nn.Module) -> int:
    """D, the size of the encoder's pooled features."""
    size = encoder.features
    assert isinstance(size, int)
    return size


def _r2plus1d_18(channels: int) -> nn.Module:
    network = r2plus1d_18(weights=None)
    if channels != 3:
        stem = network.stem
        assert isinstance(stem, nn.Sequential)
        first = nn.Conv3d(channels, 45, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")
        stem[0] = first
    plane_convolutions(network)
    network.fc = nn.Identity()
    network.features = 512
    return network


def _resnet(blocks_per_stage: int) -> nn.Module:
    network = ResNet(ImageBlock, [blocks_per_stage] * 4)
    network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.fc = nn.Identity()
    network.features = 512
    return network


class PlaneConv(nn.Conv3d):
    """A (1, k, k) or (k, 1, 1) convolution of (B, C, T, height, width), computed in 2-D.

    On CPUs, 3-D convolutions with an extent of 1 are up to twice as slow as the equivalent 2-D
    ones, and their gradients in bfloat16 can be infinite. Therefore, with channels last in memory,
    where the reshapes copy nothing, spatial kernels are applied frame by frame, and temporal
    kernels to an image with a row per frame and a column per pixel. Weights keep their 3-D shape.
    """

    planar_devices = frozenset({"cpu"})  # device types; benchmarks/gpu.py measures it on GPUs

    def forward(self, input: Tensor) -> Tensor:
        planar = input.device.type in self.planar_devices and input.is_contiguous(
            memory_format=torch.channels_last_3d
        )
        if not planar:
            return super().forward(input)
        stride, padding = self.stride, self.padding
        assert not isinstance(padding, str) and self.bias is None
        if self.kernel_size[0] > 1:
            rows = F.conv2d(
                input.flatten(3), self.weight.flatten(3), None, (stride[0], 1), (padding[0], 0)
            )
            return rows.unflatten(3, input.shape[3:])
        strided = input[:, :, :: stride[0]].transpose(1, 2)
        frames = F.conv2d(
            strided.flatten(0, 1), self.weight.squeeze(2), None, stride[1:], padding[1:]
        )
        return frames.unflatten(0, strided.shape[:2]).transpose(1, 2)


def spatial_conv(inputs: int, outputs: int, size: int, stride: int = 1) -> PlaneConv:
    """A (1, size, size) convolution that keeps height and width at stride 1."""
    pad = size // 2
    return PlaneConv(
        inputs, outputs, (1, size, size), (1, stride, stride), (0, pad, pad), bias=False
    )


def temporal_conv(inputs: int, outputs: int, stride: int = 1) -> PlaneConv:
    """A (3, 1, 1) convolution that keeps the number of frames at stride 1."""
    return PlaneConv(inputs, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False)


def plane_convolutions(network: nn.Module) -> None:
    """Turn (1, k, k), (k, 1, 1) and 1x1x1 convolutions of a network into PlaneConv, in place."""
    for module in network.modules():
        if type(module) is nn.Conv3d and module.bias is None and 1 in module.kernel_size:
            module.__class__ = PlaneConv


class FactoredConv(nn.Sequential):
    """The (2+1)D convolution, spatial then temporal, for torchvision's residual block."""

    def __init__(self, inputs: int, outputs: int, middle: int, stride: int = 1) -> None:
        middle = 8 * round(middle / 8)  # the SIMD width: CPUs are slow at 36, 57, 115 or 230
        super().__init__(
            spatial_conv(inputs, middle, 3, stride),
            nn.BatchNorm3d(middle),
            nn.ReLU(inplace=True),
            temporal_conv(middle, outputs, stride),
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """Strides over (time, height, width) of the block's shortcut."""
        return stride, stride, stride


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """A 1x1x1 convolution with the same stride in time and space, then batch norm."""
    return nn.Sequential(PlaneConv(inputs, outputs, 1, stride, bias=False), nn.BatchNorm3d(outputs))


class NarrowVideo(nn.Module):
    """R(2+1)D with one block per stage and 16 to 128 channels: 0.3 M parameters.

    Parameters
    ----------
    channels : int
        Colour channels of a frame.
    """

    features = NARROW_WIDTHS[-1]

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = NARROW_WIDTHS[0]
        self.stem = nn.Sequential(
            spatial_conv(channels, width, 7, 2),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
            temporal_conv(width, width),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )
        blocks = []
        for stage, outputs in enumerate(NARROW_WIDTHS):
            stride = 1 if stage == 0 else 2
            shortcut = None if stage == 0 else _shortcut(width, outputs, stride)
            blocks.append(VideoBlock(width, outputs, FactoredConv, stride, shortcut))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        _kaiming(self)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.stem(x).transpose(1, 2)
        pooled = F.max_pool2d(frames.flatten(0, 1), 3, 2, 1)
        maps: Tensor = self.blocks(pooled.unflatten(0, frames.shape[:2]).transpose(1, 2))
        return maps.mean((2, 3, 4))


class NarrowAudio(nn.Module):
    """ResNet-9 with 16 to 128 channels: 0.3 M parameters."""

    features = NARROW_WIDTHS[-1]

    def __init__(self) -> None:
        super().__init__()
        width = NARROW_WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        blocks = []
        for stage, outputs in enumerate(NARROW_WIDTHS):
            stride = 1 if stage == 0 else 2
            shortcut = (
                None
                if stage == 0
                else nn.Sequential(
                    nn.Conv2d(width, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )
            )
            blocks.append(ImageBlock(width, outputs, stride, shortcut))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        _kaiming(self)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.blocks(F.max_pool2d(self.stem(x), 3, 2, 1))
        return maps.mean((2, 3))


def _kaiming(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")


VIDEO_ENCODERS: dict[str, Callable[[int], nn.Module]] = {
    "r2plus1d_18": _r2plus1d_18,
    "r2plus1d_narrow": NarrowVideo,
}
AUDIO_ENCODERS: dict[str, Callable[[], nn.Module]] = {
    "resnet_9": lambda: _resnet(1),
    "resnet_18": lambda: _resnet(2),
    "resnet_narrow": NarrowAudio,
}


def video_encoder(name: str, channels: int) -> nn.Module:
    """Build an untrained video encoder.

    Parameters
    ----------
    name : str
        A key of VIDEO_ENCODERS.
    channels : int
        Colour channels of a frame: 3, or 1 for grey.

    Returns
    -------
    nn.Module
        Maps (B, channels, T, height, width) to (B, D).

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in VIDEO_ENCODERS:
        raise ValueError(f"unknown video encoder {name!r}; use one of {', '.join(VIDEO_ENCODERS)}")
    return VIDEO_ENCODERS[name](channels)


def audio_encoder(name: str) -> nn.Module:
    """Build an untrained audio encoder.

    Parameters
    ----------
    name : str
        A key of AUDIO_ENCODERS.

    Returns
    -------
    nn.Module
        Maps (B, 1, F, S) to (B, D).

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in AUDIO_ENCODERS:
        raise ValueError(f"unknown audio encoder {name!r}; use one of {', '.join(AUDIO_ENCODERS)}")
    return AUDIO_ENCODERS[name]()
