"""The network: an encoder for each modality, and H classifier heads on each or on both joined."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from selavi.batch import Batch
from selavi.models.encoders import audio_encoder, feature_size, video_encoder
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

    @property
    def joined(self) -> bool:
        """Whether heads decide by all encoders' features side by side."""
        return JOINED in self.heads

    def encode(
        self, batch: Batch, bfloat16: bool = False, modalities: Iterable[str] | None = None
    ) -> Features:
        """Pooled features of a batch; encoders may run in bfloat16, features are float32.

        modalities : those that are encoded; all by default, and always all if they are joined.
        """
        chosen = self.encoders if modalities is None or self.joined else modalities
        inputs = {name: batch.of(name) for name in chosen}
        if self.channels_last:
            inputs = {n: x.to(memory_format=_FORMATS[x.ndim]) for n, x in inputs.items()}
        with torch.autocast(batch.sample.device.type, dtype=torch.bfloat16, enabled=bfloat16):
            found = {name: self.encoders[name](x).float() for name, x in inputs.items()}
        return {JOINED: torch.cat(list(found.values()), 1)} if self.joined else found

    def forward(
        self,
        batch: Batch,
        bfloat16: bool = False,
        modalities: Iterable[str] | None = None,
        seeds: Mapping[str, int] | None = None,
    ) -> tuple[Features, Features]:
        """Features (B, D), and logits of all heads (H, B, K) float32, of each modality.

        modalities : as in `encode`. seeds : by modality, of the dropout in training; by default it
        draws from torch's global random generator.
        """
        features = self.encode(batch, bfloat16, modalities)
        return features, {
            name: self.logits(name, rows, seed=(seeds or {}).get(name))
            for name, rows in features.items()
        }

    def logits(
        self,
        modality: str,
        features: Tensor,
        heads: Iterable[int] | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """Logits of some heads (all by default) from pooled features: (len(heads), B, K).

        seed : as `seeds` in `forward`.
        """
        chosen = range(self.settings.heads) if heads is None else heads
        modules = self.heads[modality]
        assert isinstance(modules, nn.ModuleList)
        random = None if seed is None else torch.Generator(features.device).manual_seed(seed)
        return torch.stack([_apply(modules[h], features, random) for h in chosen])

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


def _apply(head: nn.Module, features: Tensor, random: torch.Generator | None) -> Tensor:
    """Logits (B, K) of one head, with dropout drawn from `random` if given."""
    if random is None or not isinstance(head, nn.Sequential):
        return head(features)
    for layer in head:
        if isinstance(layer, nn.Dropout) and layer.training:
            kept = torch.empty_like(features).bernoulli_(1 - layer.p, generator=random)
            features = features * kept.div_(1 - layer.p)
        else:
            features = layer(features)
    return features


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
