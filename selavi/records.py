"""What passes between the parts: a batch of clips.

Letters in shapes, here and throughout: B clips of a batch, N clips of a split, K clusters, H heads,
D features, T frames, C colour channels, F mel filters, S spectrogram frames.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """A batch of clips, ready for the network.

    sample : (B,) int64, each clip's number in the index.
    video : (B, C, T, height, width) float32, normalised; C is 3, or 1 for grey.
    audio : (B, 1, F, S) float32, log mel filterbank.
    """

    sample: Tensor
    video: Tensor
    audio: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return Batch(
            self.sample.to(device, non_blocking=True),
            self.video.to(device, non_blocking=True),
            self.audio.to(device, non_blocking=True),
        )

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory (called by torch's DataLoader)."""
        return Batch(self.sample.pin_memory(), self.video.pin_memory(), self.audio.pin_memory())
