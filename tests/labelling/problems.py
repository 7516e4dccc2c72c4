"""Labelling problems for the tests."""

import torch
from torch import Tensor

from selavi.labelling.feature_store import FeatureStore
from selavi.models.encoders import feature_size
from selavi.models.network import Network
from selavi.settings import NetworkSettings

LAMBDA = 20.0


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def posteriors(clips: int, clusters: int, sharpness: float, seed: int = 0) -> Tensor:
    """Scores as in training: lambda times the mean log-probability of two modalities."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randint(clusters, (clips,), generator=generator)
    parts = []
    for _ in range(2):
        logits = torch.randn(clips, clusters, generator=generator)
        logits[torch.arange(clips), truth] += sharpness
        parts.append((logits * max(1.0, sharpness / 2)).log_softmax(1))
    return LAMBDA * torch.stack(parts).mean(0)


def trained(clips: int, clusters: int, sharpness: float, seed: int = 0) -> Tensor:
    """Scores in which clusters have neighbours, and some clips are surer than others."""
    generator = torch.Generator().manual_seed(seed)
    parents = torch.randn(max(2, clusters // 8), 32, generator=generator)
    centres = parents[torch.arange(clusters) % len(parents)]
    centres = centres + torch.randn(clusters, 32, generator=generator)
    centres /= centres.norm(dim=1, keepdim=True)
    truth = torch.randint(clusters, (clips,), generator=generator)
    sure = sharpness * torch.randn(clips, 1, generator=generator).exp()
    seen = centres[truth] + torch.randn(clips, 32, generator=generator) * 0.1
    return LAMBDA * (sure * (seen @ centres.T)).log_softmax(1)


def gaussian_shares(clusters: int, deviation: float = 0.1, seed: int = 0) -> Tensor:
    """Shares of N(1, deviation) clusters, not below a twentieth of the mean, in no order."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (1 + deviation * torch.randn(clusters, generator=generator)).clamp_min(0.05).double()
    return sizes / sizes.sum()


def small_network(clusters: int = 12, heads: int = 4, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    settings = NetworkSettings(
        video_encoder="r2plus1d_narrow", audio_encoder="resnet_narrow",
        clusters=clusters, heads=heads, hidden=16,
    )  # fmt: skip
    network = Network(settings, ["video", "audio"], channels=1).eval()
    with torch.no_grad():
        for parameter in network.heads.parameters():
            parameter.mul_(4)  # as sure of itself as after some training
    return network


def features(network: Network, clips: int, seed: int = 0, first: int = 0) -> FeatureStore:
    generator = torch.Generator().manual_seed(seed)
    rows = {
        modality: torch.randn(clips, feature_size(encoder), generator=generator)
        for modality, encoder in network.encoders.items()
    }
    return FeatureStore(torch.arange(first, first + clips), rows)
