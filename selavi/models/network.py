"""The network: one encoder per modality, and H classifier heads per modality or on both."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from selavi.batch import Batch
from selavi.models.encoders import audio_encoder, feature_size, video_encoder
from selavi.models.heads import apply_heads, consensus_logits, make_heads
from selavi.models.preparation import Preparation
from selavi.settings import Modality, NetworkSettings, is_frozen

Features = dict[str, Tensor]
"""By modality: pooled features (B, D) float32; row n of each is of the same clip."""

JOINED = "video+audio"
"""The modality of the concatenated features (`fusion: concat`)."""

_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


class Network(nn.Module):
    """Encoders by modality, and heads: `heads[modality][h]` maps (B, D) to (B, K_h).

    With `fusion: concat`, the only modality of the heads is "video+audio".

    Parameters
    ----------
    settings : NetworkSettings
        Architecture.
    modalities : sequence of {"video", "audio"}
        Those that have an encoder.
    channels : int
        Colour channels of a frame: 3, or 1 for grey.
    channels_last : bool
        Memory format of feature maps; values differ by rounding only.
    inputs : mapping of str to int, optional
        By modality, the number of given features, where the encoder is frozen. In the encoder's
        place stands their `Preparation`, not fitted yet.
    consensus : bool
        Whether the heads' clusters are matched after training, and their consensus is the result.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        modalities: Sequence[Modality],
        channels: int,
        channels_last: bool = True,
        inputs: Mapping[str, int] | None = None,
        consensus: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.consensus = consensus
        self.channels_last = channels_last
        self.encoders = nn.ModuleDict(
            {name: _encoder(name, settings, channels, inputs or {}) for name in modalities}
        )
        sizes = {name: feature_size(encoder) for name, encoder in self.encoders.items()}
        if settings.fusion == "concat":
            sizes = {JOINED: sum(sizes.values())}
        self.heads = nn.ModuleDict(
            {name: make_heads(size, settings) for name, size in sizes.items()}
        )
        if channels_last:
            _channels_last(self)

    @property
    def modalities(self) -> list[str]:
        """Modalities of the heads: those of the encoders, or "video+audio" alone."""
        return list(self.heads)

    @property
    def cluster_counts(self) -> list[int]:
        """Number of clusters of each of the H heads of a modality."""
        return self.settings.cluster_counts

    @property
    def result_counts(self) -> list[int]:
        """Number of clusters of each head of `result_heads`."""
        return self.cluster_counts + self.settings.levels() * self.consensus

    @property
    def result_heads(self) -> range:
        """The heads whose clusters are results: all, then the consensus of each level if wanted."""
        return range(len(self.result_counts))

    @property
    def joined(self) -> bool:
        """Whether heads see the concatenated features of all encoders."""
        return JOINED in self.heads

    def encode(
        self, batch: Batch, bfloat16: bool = False, modalities: Iterable[str] | None = None
    ) -> Features:
        """Encode a batch.

        Parameters
        ----------
        batch : Batch
            With all requested modalities.
        bfloat16 : bool
            Whether encoders run in bfloat16; features are float32 in any case.
        modalities : iterable of str, optional
            Modalities to encode; all by default, and always with `fusion: concat`.

        Returns
        -------
        dict of str to Tensor
            By modality of the heads: (B, D) float32.
        """
        requested = self.encoders if modalities is None or self.joined else modalities
        inputs = {name: batch.of(name) for name in requested}
        if self.channels_last:
            inputs = {n: _in_format(x) for n, x in inputs.items()}
        with torch.autocast(batch.sample.device.type, dtype=torch.bfloat16, enabled=bfloat16):
            features = {name: self.encoders[name](x).float() for name, x in inputs.items()}
        return {JOINED: torch.cat(list(features.values()), 1)} if self.joined else features

    def forward(
        self,
        batch: Batch,
        bfloat16: bool = False,
        modalities: Iterable[str] | None = None,
        seeds: Mapping[str, int] | None = None,
    ) -> tuple[Features, Features]:
        """Encode a batch and apply all heads.

        Parameters
        ----------
        batch : Batch
            With all requested modalities.
        bfloat16 : bool
            As in `encode`.
        modalities : iterable of str, optional
            As in `encode`.
        seeds : mapping of str to int, optional
            By modality, seed of the heads' dropout in training; by default, dropout draws from
            torch's global random generator.

        Returns
        -------
        features : dict of str to Tensor
            By modality: (B, D) float32.
        logits : dict of str to Tensor
            By modality: (H, B, K) float32, see `logits`.
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
        """Apply heads to pooled features.

        Parameters
        ----------
        modality : str
            One of `modalities`.
        features : Tensor
            (B, D) float32.
        heads : iterable of int, optional
            Numbers of the heads; all by default. From H on they are consensuses, see
            `consensus_logits`, one for each number of clusters.
        seed : int, optional
            Seed of the dropout in training; by default, torch's global random generator.

        Returns
        -------
        Tensor
            (len(heads), B, K) float32, K the largest of these heads'; minus infinity for the
            clusters that a head does not have.
        """
        counts = self.cluster_counts
        numbers = range(len(counts)) if heads is None else [*heads]
        if any(number >= len(counts) for number in numbers):
            rows = self.logits(modality, features, seed=seed)
            most = max((self.result_counts[number] for number in numbers), default=0)
            return torch.cat([rows, consensus_logits(rows, counts)])[numbers, :, :most]
        modules = self.heads[modality]
        assert isinstance(modules, nn.ModuleList)
        generator = None if seed is None else torch.Generator(features.device).manual_seed(seed)
        return apply_heads([modules[h] for h in numbers], features, generator)

    @torch.no_grad()
    def permute_head(self, modality: str, head: int, permutation: Tensor) -> None:
        """Permute the clusters of one head: new output k is the old output permutation[k].

        Parameters
        ----------
        modality : str
            One of `modalities`.
        head : int
            Number of the head.
        permutation : Tensor
            (K,) int64.
        """
        modules = self.heads[modality]
        assert isinstance(modules, nn.ModuleList)
        module = modules[head]
        last = module[-1] if isinstance(module, nn.Sequential) else module
        assert isinstance(last, nn.Linear)
        last.weight.copy_(last.weight[permutation])
        last.bias.copy_(last.bias[permutation])


def _encoder(
    modality: Modality, settings: NetworkSettings, channels: int, inputs: Mapping[str, int]
) -> nn.Module:
    name = settings.encoder(modality)
    if is_frozen(modality, name):
        if settings.preparation == "auto":
            raise ValueError("network.preparation: auto is chosen by a training")
        return Preparation(settings.preparation, inputs[modality], settings.dims)
    return video_encoder(name, channels) if modality == "video" else audio_encoder(name)


def _in_format(x: Tensor) -> Tensor:
    """Clips with channels last; features as they are."""
    return x.to(memory_format=_FORMATS[x.ndim]) if x.ndim in _FORMATS else x


def _channels_last(network: nn.Module) -> None:
    """Store convolution weights in the memory format of the feature maps."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            module.to(memory_format=_FORMATS[module.weight.ndim])
