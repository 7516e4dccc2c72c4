"""Video and audio encoders by name: R(2+1)D-18 and ResNet-9, and a narrow pair of their families.

Each maps a batch to pooled features (B, D); D is its attribute `features`.
"""

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
    """An audio encoder for (B, 1, F, S). Name: resnet_9, resnet_narrow."""
    return _wide_audio() if name == "resnet_9" else NarrowAudio()


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
    network.fc = nn.Identity()
    network.features = 512
    return network


def _wide_audio() -> nn.Module:
    network = ResNet(ImageBlock, [1, 1, 1, 1])
    network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.fc = nn.Identity()
    network.features = 512
    return network


class SpatialConv(nn.Conv2d):
    """A (1, k, k) convolution of (B, C, T, height, width), computed frame by frame.

    3-D convolutions with a time extent of 1 are several times slower on CPUs, and in bfloat16 their
    gradients can come out infinite; the same sums as 2-D convolutions are sound. With channels last
    in memory, the reshapes here and below copy nothing.
    """

    def forward(self, x: Tensor) -> Tensor:
        frames = x.transpose(1, 2).flatten(0, 1)
        return super().forward(frames).unflatten(0, (x.shape[0], x.shape[2])).transpose(1, 2)


class TemporalConv(nn.Conv2d):
    """A (k, 1, 1) convolution of (B, C, T, height, width), computed as 2-D over (T, pixels)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, (3, 1), (stride, 1), (1, 0), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(3)).unflatten(3, x.shape[3:])


class FactoredConv(nn.Sequential):
    """Spatial then temporal convolution: the "(2+1)D" of R(2+1)D, in torchvision's block."""

    def __init__(self, inputs: int, outputs: int, middle: int, stride: int = 1) -> None:
        super().__init__(
            SpatialConv(inputs, middle, 3, stride, 1, bias=False),
            nn.BatchNorm3d(middle),
            nn.ReLU(inplace=True),
            TemporalConv(middle, outputs, stride),
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """Strides over (time, height, width) of the shortcut beside this convolution."""
        return stride, stride, stride


class Shortcut(nn.Module):
    """A 1x1x1 convolution with the same stride in time and space, and its normalisation."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = SpatialConv(inputs, outputs, 1, stride, bias=False)
        self.norm = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.conv(x[:, :, :: self.stride]))
        return out


class NarrowVideo(nn.Module):
    """R(2+1)D with one block per stage and 16 to 128 channels: 0.3 M parameters."""

    features = NARROW_WIDTHS[-1]

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = NARROW_WIDTHS[0]
        self.stem = nn.Sequential(
            SpatialConv(channels, 24, 7, 2, 3, bias=False),
            nn.BatchNorm3d(24),
            nn.ReLU(inplace=True),
            TemporalConv(24, width),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )
        blocks = []
        for stage, outputs in enumerate(NARROW_WIDTHS):
            stride = 1 if stage == 0 else 2
            shortcut = None if stage == 0 else Shortcut(width, outputs, stride)
            blocks.append(VideoBlock(width, outputs, FactoredConv, stride, shortcut))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        _kaiming(self)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.blocks(self.stem(x))
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
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
