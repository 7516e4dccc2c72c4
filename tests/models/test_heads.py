"""Heads of one modality: one wide product in place of one after the other."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selavi.models.heads import apply_heads, make_heads
from selavi.settings import NetworkSettings
from selavi.training.loss import heads_loss


def heads(clusters: int | list[int], kind: str = "mlp", dropout: float = 0.0) -> nn.ModuleList:
    torch.manual_seed(0)
    settings = NetworkSettings(clusters=clusters, heads=3, hidden=8, head=kind, dropout=dropout)
    modules = make_heads(12, settings)
    for module in modules.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.uniform_(module.weight, 0.5, 2.0)
            nn.init.normal_(module.bias)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return modules


def one_by_one(modules: nn.ModuleList, features: Tensor, most: int) -> Tensor:
    logits = [module(features) for module in modules]
    return torch.stack([F.pad(x, (0, most - x.shape[1]), value=-torch.inf) for x in logits])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", ["mlp", "linear"])
@pytest.mark.parametrize("clusters", [7, [3, 7]])
def test_a_wide_product_is_what_single_heads_give(
    clusters: int | list[int], kind: str, training: bool
) -> None:
    wide, single = heads(clusters, kind), heads(clusters, kind)
    features = torch.randn(20, 12, requires_grad=True)
    same = features.detach().clone().requires_grad_()
    labels = torch.randint(3, (20, len(wide)))
    expected = one_by_one(single.train(training), same, 7)
    result = apply_heads(list(wide.train(training)), features, None)
    assert result.shape == (len(wide), 20, 7)
    torch.testing.assert_close(result, expected)
    for logits in (result, expected):
        heads_loss(logits.log_softmax(-1), labels).backward()
    torch.testing.assert_close(features.grad, same.grad)
    for ours, theirs in zip(wide.parameters(), single.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
    for name, value in single.state_dict().items():  # running statistics, too
        torch.testing.assert_close(wide.state_dict()[name], value, msg=name)


def test_a_head_has_no_other_cluster_than_its_own() -> None:
    modules = heads([3, 7]).eval()
    logits = apply_heads(list(modules), torch.randn(20, 12), None)
    assert (logits[:3, :, 3:] == -torch.inf).all()
    assert torch.isfinite(logits[:3, :, :3]).all()
    assert torch.isfinite(logits[3:]).all()
    alone = apply_heads([modules[0]], torch.randn(20, 12), None)
    assert alone.shape == (1, 20, 3)


def test_dropout_of_each_head_is_its_own_and_follows_the_seed() -> None:
    modules = heads(5, dropout=0.5).train()
    for module in modules[1:]:
        module.load_state_dict(modules[0].state_dict())
    features = torch.randn(40, 12)

    def draw(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return apply_heads(list(copy.deepcopy(modules)), features, generator)

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    one, two, _ = draw(1)
    assert not torch.equal(one, two)
    # A head's masks are the same whatever heads come after it.
    first = apply_heads(
        list(copy.deepcopy(modules[:2])), features, torch.Generator().manual_seed(1)
    )
    torch.testing.assert_close(first, draw(1)[:2])
