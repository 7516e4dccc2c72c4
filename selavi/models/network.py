"""The network: an encoder for each modality, and H classifier heads on each or on both joined."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from selavi.models.encoders import audio_encoder, feature_size, video_encoder
from selavi.records import Batch
from selavi.settings import Modality, NetworkSettings

Features = dict[str, Tensor]
"""By modality: pooled features (B, D) float32, row n of each from the same clip."""

JOINED = "video+audio"
"""The modality of features that stand side by side (`fusion: concat`)."""

_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


class Network(nn.Module):
    """An encoder per modality, and heads: `heads[modality][h]` maps (B, D) to (B, K).

    With `fusion: concat` there is one modality to heads, "video+audio", of all encoders' features.

    channels : of the picture, 3, or 1 for grey. channels_last : how maps lie in memory; values are
    the same but for rounding.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        modalities: Sequence[Modality],
        channels: int,
        channels_last: bool = True,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.channels_last = channels_last
        self.encoders = nn.ModuleDict(
            {
                modality: video_encoder(settings.video_encoder, channels)
                if modality == "video"
                else audio_encoder(settings.audio_encoder)
                for modality in modalities
            }
        )
        sizes = {name: feature_size(encoder) for name, encoder in self.encoders.items()}
        if settings.fusion == "concat":
            sizes = {JOINED: sum(sizes.values())}
        self.heads = nn.ModuleDict({name: _heads(size, settings) for name, size in sizes.items()})
        if channels_last:
            _channels_last(self)

    @property
    def modalities(self) -> list[str]:
        """What heads decide by: the encoders' names, or "video+audio" alone."""
        return list(self.heads)

    def encode(self, batch: Batch, bfloat16: bool = False) -> Features:
        """Pooled features of a batch; encoders may run in bfloat16, features are float32."""
        inputs = {name: batch.of(name) for name in self.encoders}
        if self.channels_last:
            inputs = {n: x.to(memory_format=_FORMATS[x.ndim]) for n, x in inputs.items()}
        with torch.autocast(batch.sample.device.type, dtype=torch.bfloat16, enabled=bfloat16):
            found = {name: enc(inputs[name]).float() for name, enc in self.encoders.items()}
        return {JOINED: torch.cat(list(found.values()), 1)} if JOINED in self.heads else found

    def forward(self, batch: Batch, bfloat16: bool = False) -> tuple[Features, Features]:
        """Features (B, D), and logits of all heads (H, B, K) float32, of each modality."""
        features = self.encode(batch, bfloat16)
        return features, {name: self.logits(name, rows) for name, rows in features.items()}

    def logits(self, modality: str, features: Tensor, heads: Iterable[int] | None = None) -> Tensor:
        """Logits of some heads (all by default) from pooled features: (len(heads), B, K)."""
        chosen = range(self.settings.heads) if heads is None else heads
        modules = self.heads[modality]
        assert isinstance(modules, nn.ModuleList)
        return torch.stack([modules[h](features) for h in chosen])

    @torch.no_grad()
    def permute_head(self, modality: str, head: int, order: Tensor) -> None:
        """Renumber the clusters of one head: output k becomes what output order[k] was."""
        modules = self.heads[modality]
        assert isinstance(modules, nn.ModuleList)
        chosen = modules[head]
        last = chosen[-1] if isinstance(chosen, nn.Sequential) else chosen
        assert isinstance(last, nn.Linear)
        last.weight.copy_(last.weight[order])
        last.bias.copy_(last.bias[order])


def _heads(features: int, settings: NetworkSettings) -> nn.ModuleList:
    return nn.ModuleList([_head(features, settings) for _ in range(settings.heads)])


def _head(features: int, settings: NetworkSettings) -> nn.Module:
    if settings.head == "linear":
        return nn.Linear(features, settings.clusters)
    return nn.Sequential(
        nn.Dropout(settings.dropout),
        nn.Linear(features, settings.hidden, bias=False),
        nn.BatchNorm1d(settings.hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden, settings.clusters),
    )


def _channels_last(network: nn.Module) -> None:
    """Store convolution weights as the convolutions read them; values are unchanged."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            part.to(memory_format=_FORMATS[part.weight.ndim])
