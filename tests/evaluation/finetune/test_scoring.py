"""The score of a video from those of its clips."""

from typing import Any

import torch

from selavi.batch import Batch
from selavi.evaluation.finetune.scoring import recognition


def test_views_are_averaged_as_raw_logits() -> None:
    """Two videos of two views: each view's logits, and the mean's, by hand."""

    class Given(torch.nn.Module):
        def forward(self, batch: Batch, bfloat16: bool) -> torch.Tensor:
            return torch.tensor([[3.0, 0], [0, 1], [0, 2], [1, 0]])

    batch = Batch(torch.tensor([0, 0, 1, 1]), None, None)
    model: Any = Given()
    scores = recognition(model, [batch], torch.tensor([0, 0]), 2, torch.device("cpu"))
    assert scores["clip_top1"] == 0.5  # right, wrong; wrong, right
    assert scores["video_top1"] == 0.5  # 3:1 for class 0; 1:2
    assert scores["clip_top5"] == scores["video_top5"] == 1
    assert scores["videos"] == 2
