"""Video and audio encoders by name: R(2+1)D-18 and ResNet-9, and a narrow pair of their families.

Each maps a batch to pooled features (B, D); D is its attribute `features`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock as ImageBlock
from torchvision.models.resnet import ResNet
from torchvision.models.video import r2plus1d_18
from torchvision.models.video.resnet import BasicBlock as VideoBlock

NARROW_WIDTHS = (16, 32, 64, 128)


def video_encoder(name: str, channels: int) -> nn.Module:
    """A video encoder for (B, channels, T, height, width). Name: r2plus1d_18, r2plus1d_narrow."""
    return _wide_video(channels) if name == "r2plus1d_18" else NarrowVideo(channels)


def audio_encoder(name: str) -> nn.Module:
    """An audio encoder for (B, 1, F, S). Name: resnet_9, resnet_18, resnet_narrow."""
    return _wide_audio(1 if name == "resnet_9" else 2) if name != "resnet_narrow" else NarrowAudio()


def feature_size(encoder: nn.Module) -> int:
    """D: width of the encoder's pooled features."""
    size = encoder.features
    assert isinstance(size, int)
    return size


def _wide_video(channels: int) -> nn.Module:
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


def _wide_audio(blocks: int) -> nn.Module:
    network = ResNet(ImageBlock, [blocks] * 4)
    network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.fc = nn.Identity()
    network.features = 512
    return network


class PlaneConv(nn.Conv3d):
    """A convolution of (B, C, T, height, width) over frames alone, or over time alone.

    On CPUs, 3-D convolutions with an extent of 1 are up to twice as slow as the same sums in two
    dimensions, and in bfloat16 their gradients can come out infinite. So, with channels last in
    memory, where the reshapes here copy nothing, frames are convolved one by one, and time is as
    the rows of a picture whose columns are the pixels. Weights keep the shape of the 3-D kernel.
    """

    in_planes_on = frozenset({"cpu"})  # kinds of device; benchmarks/gpu.py tries it on GPUs

    def forward(self, input: Tensor) -> Tensor:
        planes = input.device.type in self.in_planes_on and input.is_contiguous(
            memory_format=torch.channels_last_3d
        )
        if not planes:
            return super().forward(input)
        stride, padding = self.stride, self.padding
        assert not isinstance(padding, str) and self.bias is None
        if self.kernel_size[0] > 1:
            rows = F.conv2d(
                input.flatten(3), self.weight.flatten(3), None, (stride[0], 1), (padding[0], 0)
            )
            return rows.unflatten(3, input.shape[3:])
        kept = input[:, :, :: stride[0]].transpose(1, 2)
        frames = F.conv2d(kept.flatten(0, 1), self.weight.squeeze(2), None, stride[1:], padding[1:])
        return frames.unflatten(0, kept.shape[:2]).transpose(1, 2)


def spatial_conv(inputs: int, outputs: int, size: int, stride: int = 1) -> PlaneConv:
    """A (1, size, size) convolution, padded to keep height and width at stride 1."""
    pad = size // 2
    return PlaneConv(
        inputs, outputs, (1, size, size), (1, stride, stride), (0, pad, pad), bias=False
    )


def temporal_conv(inputs: int, outputs: int, stride: int = 1) -> PlaneConv:
    """A (3, 1, 1) convolution, padded to keep the number of frames at stride 1."""
    return PlaneConv(inputs, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False)


def plane_convolutions(network: nn.Module) -> None:
    """Compute the (1, k, k), (k, 1, 1) and 1x1x1 convolutions of a network as PlaneConv does."""
    for part in network.modules():
        if type(part) is nn.Conv3d and part.bias is None and 1 in part.kernel_size:
            part.__class__ = PlaneConv


class FactoredConv(nn.Sequential):
    """Spatial then temporal convolution: the "(2+1)D" of R(2+1)D, in torchvision's block."""

    def __init__(self, inputs: int, outputs: int, middle: int, stride: int = 1) -> None:
        middle = 8 * round(middle / 8)  # a vector's worth: CPUs are slow at 36, 57, 115 or 230
        super().__init__(
            spatial_conv(inputs, middle, 3, stride),
            nn.BatchNorm3d(middle),
            nn.ReLU(inplace=True),
            temporal_conv(middle, outputs, stride),
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """Strides over (time, height, width) of the shortcut beside this convolution."""
        return stride, stride, stride


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """A 1x1x1 convolution with the same stride in time and space, and its normalisation."""
    return nn.Sequential(PlaneConv(inputs, outputs, 1, stride, bias=False), nn.BatchNorm3d(outputs))


class NarrowVideo(nn.Module):
    """R(2+1)D with one block per stage and 16 to 128 channels: 0.3 M parameters."""

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
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
