"""Run a trained network over a split: the centre crop of the middle clip of every video."""

from collections.abc import Iterator

import torch
from torch import Tensor

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import pass_batches
from selavi.models.network import Network
from selavi.progress import Bar

BATCH, FEATURE_BATCH = 32, 512  # clips; of clips of which all features are given


def best_device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def batches_of_logits(
    network: Network, corrupt: CorruptClips, workers: int = 0
) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Compute the logits of every clip, once (paper, section 4.1); corrupt clips are skipped.

    Parameters
    ----------
    network : Network
        Moved to the best device and set to evaluation mode.
    corrupt : CorruptClips
        Of the split's clips; those found are added.
    workers : int
        Loader processes.

    Yields
    ------
    samples : Tensor
        (B,) int64, on the CPU.
    logits : dict of str to Tensor
        By modality: (H, B, K) float32.
    """
    device = best_device()
    network = network.to(device).eval()
    clips = corrupt.clips
    size = BATCH if clips.modalities else FEATURE_BATCH
    batches = corrupt.counted(pass_batches(clips, batch_size=size, workers=workers, device=device))
    total = -(-len(clips) // size)
    for batch in Bar(batches, total=total, desc="assign", unit="batch"):
        with torch.inference_mode():
            features = network.encode(batch.to(device))
            heads = network.result_heads
            logits = {name: network.logits(name, rows, heads) for name, rows in features.items()}
        yield batch.sample.cpu(), logits
