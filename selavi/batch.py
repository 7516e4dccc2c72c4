"""What passes between the parts: a batch of clips.

Letters in shapes, here and throughout: B clips of a batch, N clips of a split, K clusters, H heads,
D features, T frames, C colour channels, F mel filters, S spectrogram frames.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """A batch of clips, ready for the network.

    sample : (B,) int64, each clip's number in the index.
    video : (B, C, T, height, width) float32, normalised; C is 3, or 1 for grey. None if the
        loader was not asked for pictures.
    audio : (B, 1, F, S) float32, log mel filterbank. None if it was not asked for sound.
    corrupt : the corrupt clips met in making the batch, which it leaves out: what is wrong with
        each, by sample.
    """

    sample: Tensor
    video: Tensor | None
    audio: Tensor | None
    corrupt: Mapping[int, str] = field(default_factory=dict)

    def of(self, modality: str) -> Tensor:
        """The clips of one modality. Raises ValueError if the loader was not asked for it."""
        clips = self.video if modality == "video" else self.audio
        if clips is None:
            raise ValueError(
                f"this batch has no {modality}; name it in the modalities of its clips"
            )
        return clips

    def pick(self, which: Tensor | slice) -> "Batch":
        """The clips at these places, (n,) int64, in this order, or those of a slice."""
        return self._each(lambda tensor: tensor[which])

    def by_view(self, views: int) -> list["Batch"]:
        """Batches of one view each, of clips whose views lie here side by side."""
        return [self.pick(slice(view, None, views)) for view in range(views)]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory (called by torch's DataLoader)."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        parts = (self.sample, self.video, self.audio)
        sample, video, audio = (None if part is None else change(part) for part in parts)
        assert sample is not None
        return replace(self, sample=sample, video=video, audio=audio)
