"""Accuracy of the classification of test clips and of whole test videos."""

from collections.abc import Iterable

import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import all_rows
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.files import UserError


@torch.no_grad()
def recognition(
    model: Recogniser,
    batches: Iterable[Batch],
    labels: Tensor,
    views: int,
    device: torch.device,
    bfloat16: bool = False,
) -> dict[str, float]:
    """Top-1 and top-5 accuracy of clips and of videos.

    Parameters
    ----------
    model : Recogniser
        Set to evaluation mode.
    batches : iterable of Batch
        Test views of this rank's videos, `views` of each in a row.
    labels : Tensor
        (N,) int64, the class of each video.
    views : int
        Views of a video.
    device : torch.device
        Where the model computes.
    bfloat16 : bool
        Whether the encoder computes in bfloat16.

    Returns
    -------
    dict
        clip_top1, clip_top5, video_top1, video_top5, from 0 to 1, over the videos of all ranks that
        could be read, and `videos`, their number. A video's logits are the mean of its views'.

    Raises
    ------
    UserError
        If no video can be read.
    """
    model.eval()
    hits = [torch.zeros(0, 5, device=device)]
    for batch in batches:
        logits = model(batch.to(device), bfloat16).unflatten(0, (-1, views))
        truth = labels[batch.sample[::views].to(labels.device)].to(device)
        one = torch.ones_like(truth, dtype=logits.dtype)
        scores = [
            _hits(logits, truth[:, None], 1).mean(1),
            _hits(logits, truth[:, None], 5).mean(1),
            _hits(logits.mean(1), truth, 1),
            _hits(logits.mean(1), truth, 5),
        ]
        hits.append(torch.stack([*scores, one], 1))
    found = all_rows(torch.cat(hits))
    if len(found) == 0:
        raise UserError("none of the test videos can be read")
    names = ("clip_top1", "clip_top5", "video_top1", "video_top5")
    means = found.double().mean(0).tolist()
    return dict(zip(names, means, strict=False)) | {"videos": float(len(found))}


def _hits(logits: Tensor, truth: Tensor, count: int) -> Tensor:
    """Whether the class is among the `count` largest logits, as 0 or 1."""
    best = logits.topk(min(count, logits.shape[-1]), dim=-1).indices
    return (best == truth[..., None]).any(-1).to(logits.dtype)
