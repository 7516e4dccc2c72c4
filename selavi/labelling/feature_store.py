"""Pooled features of the clips a rank answers for: what labels are computed from."""

from collections.abc import Iterable

import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import all_rows
from selavi.models.network import Features, Network


class FeatureStore:
    """Rows of pooled features, one per clip of this rank that could be read.

    Attributes
    ----------
    samples : (n,) int64, ascending, the clip of each row.
    rows : by modality, (n, D) float32.
    """

    def __init__(self, samples: Tensor, rows: Features) -> None:
        self.samples = samples
        self.rows = rows

    @classmethod
    def from_pass(
        cls, network: Network, batches: Iterable[Batch], device: torch.device, bfloat16: bool
    ) -> "FeatureStore":
        """Encode every batch in evaluation mode without gradient."""
        was_training = network.training
        network.eval()
        samples: list[Tensor] = []
        parts: dict[str, list[Tensor]] = {modality: [] for modality in network.modalities}
        with torch.no_grad():
            for batch in batches:
                samples.append(batch.sample.to(device))
                for modality, rows in network.encode(batch.to(device), bfloat16).items():
                    parts[modality].append(rows)
        network.train(was_training)
        return cls(torch.cat(samples), {name: torch.cat(part) for name, part in parts.items()})

    @torch.no_grad()
    def update(self, samples: Tensor, features: Features) -> None:
        """Replace the rows of clips just trained on, whichever rank trained on them."""
        everyone = all_rows(samples)
        mine = torch.isin(everyone, self.samples)
        places = torch.searchsorted(self.samples, everyone[mine])
        for modality, rows in features.items():
            self.rows[modality][places] = all_rows(rows.detach())[mine]
