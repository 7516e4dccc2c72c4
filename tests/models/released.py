"""Checkpoints in the authors' format, made from torchvision's own networks under its names."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.models.video import r2plus1d_18

CLUSTERS, HIDDEN = 7, 12


class Base(nn.Module):
    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base


class Mlp(nn.Module):
    def __init__(self, clusters: int) -> None:
        super().__init__()
        self.block_forward = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(512, HIDDEN, bias=False), nn.Identity(),
            nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Dropout(0.3), nn.Identity(),
            nn.Linear(HIDDEN, clusters),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block_forward(x)
        return out


class ReleasedNetwork(nn.Module):
    def __init__(self, heads: int, linear: bool, blocks: int, clusters: int) -> None:
        super().__init__()
        video, audio = r2plus1d_18(weights=None), ResNet(BasicBlock, [blocks] * 4)
        audio.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
        video.fc, audio.fc = nn.Identity(), nn.Identity()
        self.video_network, self.audio_network = Base(video), Base(audio)
        for letter in "va":
            for h in range(heads):
                head = nn.Linear(512, clusters) if linear else Mlp(clusters)
                setattr(self, f"mlp_{letter}{h if heads > 1 else ''}", head)


def own_statistics(network: nn.Module) -> None:
    """So that a lost one is seen."""
    with torch.no_grad():
        for name, buffer in network.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.uniform_(0.5, 1.5)


def checkpoint(
    heads: int = 3, linear: bool = False, blocks: int = 1, clusters: int = CLUSTERS
) -> tuple[ReleasedNetwork, dict[str, Any]]:
    torch.manual_seed(heads)
    network = ReleasedNetwork(heads, linear, blocks, clusters)
    own_statistics(network)
    weights = OrderedDict((f"module.{k}", v) for k, v in network.state_dict().items())
    labels = torch.arange(60)[:, None].repeat(1, heads) // 9
    labels[:, 0] = torch.randint(0, clusters, (60,))  # head 0 goes its own way
    content = {
        "epoch": 199, "model": weights, "dist": [torch.ones(clusters, 1)] * heads,
        "selflabels": labels, "optimizer": {"state": {}, "param_groups": []},
    }  # fmt: skip
    return network.eval(), content
