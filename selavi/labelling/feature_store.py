"""Pooled features of the clips that a rank labels: N x D, never N x K x H."""

from collections.abc import Iterable

import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import all_rows
from selavi.models.network import Features, Network


class FeatureStore:
    """Pooled features, one row per readable clip of this rank.

    Parameters
    ----------
    samples : Tensor
        (n,) int64, ascending, sample number of each row.
    rows : dict of str to Tensor
        By modality: (n, D) float32.
    """

    def __init__(self, samples: Tensor, rows: Features) -> None:
        self.samples = samples
        self.rows = rows

    @classmethod
    def from_pass(
        cls, network: Network, batches: Iterable[Batch], device: torch.device, bfloat16: bool
    ) -> "FeatureStore":
        """Encode every batch of a pass, in evaluation mode and without gradient.

        Parameters
        ----------
        network : Network
            Left in the mode in which it was.
        batches : iterable of Batch
            This rank's clips, in ascending order of samples.
        device : torch.device
            Where the network is, and the features will be.
        bfloat16 : bool
            Whether the encoders compute in bfloat16.

        Returns
        -------
        FeatureStore
            The features of all clips of the batches.
        """
        was_training = network.training
        network.eval()
        samples: list[Tensor] = []
        blocks: dict[str, list[Tensor]] = {modality: [] for modality in network.modalities}
        with torch.no_grad():
            for batch in batches:
                samples.append(batch.sample.to(device))
                for modality, rows in network.encode(batch.to(device), bfloat16).items():
                    blocks[modality].append(rows)
        network.train(was_training)
        return cls(torch.cat(samples), {name: torch.cat(rows) for name, rows in blocks.items()})

    @torch.no_grad()
    def update(self, samples: Tensor, features: Features) -> None:
        """Replace the features of clips of a training step; collective, called by every rank.

        Parameters
        ----------
        samples : Tensor
            (B,) int64, clips of this rank's batch, whichever rank labels them.
        features : dict of str to Tensor
            By modality: (B, D) float32.
        """
        all_samples = all_rows(samples)
        mine = torch.isin(all_samples, self.samples)
        positions = torch.searchsorted(self.samples, all_samples[mine])
        for modality, rows in features.items():
            self.rows[modality][positions] = all_rows(rows.detach())[mine]
