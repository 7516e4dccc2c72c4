"""A batch of clips: what loaders yield and the network takes.

Letters in shapes, in the whole package: B clips of a batch, N clips of a split, n clips of a rank,
K clusters, H heads, D features, T frames, C colour channels, F mel filters, S spectrogram frames.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """A batch of clips, as the encoders take them.

    Attributes
    ----------
    sample : Tensor
        (B,) int64, each clip's number in the index.
    video : Tensor or None
        (B, C, T, height, width) float32, normalised; C is 3, or 1 for grey. Of a frozen encoder
        (B, D) float32, features. None if the clips were opened without this modality.
    audio : Tensor or None
        (B, 1, F, S) float32, log-mel spectrogram, or features as for `video`. None as for `video`.
    corrupt : mapping
        The corrupt clips met in making the batch, which it leaves out: what is wrong with each, by
        sample.
    """

    sample: Tensor
    video: Tensor | None
    audio: Tensor | None
    corrupt: Mapping[int, str] = field(default_factory=dict)

    def of(self, modality: str) -> Tensor:
        """The clips of one modality.

        Parameters
        ----------
        modality : {"video", "audio"}
            Which.

        Returns
        -------
        Tensor
            `video` or `audio`.

        Raises
        ------
        ValueError
            If the batch does not have it.
        """
        clips = self.video if modality == "video" else self.audio
        if clips is None:
            raise ValueError(f"this batch has no {modality}; open its clips with this modality")
        return clips

    def pick(self, indices: Tensor | slice) -> "Batch":
        """Select clips by indices, (n,) int64, or by a slice."""
        return self._each(lambda tensor: tensor[indices])

    def by_view(self, views: int) -> list["Batch"]:
        """Split a batch with `views` consecutive views per clip into batches of one view each."""
        return [self.pick(slice(view, None, views)) for view in range(views)]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory (called by torch's DataLoader)."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        tensors = (self.sample, self.video, self.audio)
        sample, video, audio = (None if t is None else change(t) for t in tensors)
        assert sample is not None
        return replace(self, sample=sample, video=video, audio=audio)
