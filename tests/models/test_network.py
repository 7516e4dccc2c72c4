"""Encoders and heads together."""

import copy

import pytest
import torch

from selavi.batch import Batch
from selavi.models.network import Network
from selavi.settings import NetworkSettings


def batch(clips: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        torch.arange(clips),
        torch.randn(clips, 1, 6, 32, 32, generator=generator),
        torch.randn(clips, 1, 40, 99, generator=generator),
    )


def narrow(**settings: object) -> Network:
    torch.manual_seed(0)
    base = {
        "video_encoder": "r2plus1d_narrow", "audio_encoder": "resnet_narrow",
        "clusters": 5, "heads": 3, "hidden": 16,
    }  # fmt: skip
    return Network(NetworkSettings(**(base | settings)), ["video", "audio"], channels=1)


@pytest.mark.parametrize("head", ["mlp", "linear"])
def test_renumbering_a_head_renumbers_its_outputs_alone(head: str) -> None:
    network = narrow(head=head).eval()
    with torch.no_grad():
        before = network(batch())[1]["audio"]
        order = torch.tensor([3, 1, 4, 0, 2])
        network.permute_head("audio", 1, order)
        after = network(batch())[1]["audio"]
    assert torch.allclose(after[1], before[1][:, order], atol=1e-6)
    assert torch.equal(after[[0, 2]], before[[0, 2]])


def test_shapes_and_heads_apart() -> None:
    network = narrow().eval()
    with torch.no_grad():
        features, logits = network(batch())
        chosen = network.logits("video", features["video"], [2])
    assert {m: tuple(rows.shape) for m, rows in features.items()} == {
        "video": (4, 128), "audio": (4, 128),
    }  # fmt: skip
    assert logits["video"].shape == (3, 4, 5)
    torch.testing.assert_close(chosen[0], logits["video"][2])
    assert not torch.allclose(logits["video"][0], logits["video"][1])


@pytest.mark.parametrize("training", [True, False])
def test_all_heads_at_once_are_each_head_by_itself(training: bool) -> None:
    """Without dropout, the layers of all heads are one product each; a part of the heads is not."""
    together = narrow(dropout=0.0).train(training)
    apart = copy.deepcopy(together)
    features = torch.randn(32, 128)
    weights = torch.randn(3, 32, 5)
    one = together.logits("audio", features)
    other = torch.cat([apart.logits("audio", features, [head]) for head in range(3)])
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    (one * weights).sum().backward()
    (other * weights).sum().backward()
    for (name, mine), theirs in zip(
        together.heads.named_parameters(), apart.heads.parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-4, msg=name)
    for (name, mine), theirs in zip(
        together.heads.named_buffers(), apart.heads.buffers(), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5, msg=name)
