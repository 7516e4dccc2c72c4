"""Encoders and heads together."""

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
