"""Batch norm over two processes is that of torch over all clips."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from selavi.models.sync_batchnorm import SharedNorm, synchronise
from tests.ports import free_port
from tests.training.runs import (
    SERVER,
    wait,
)


def _apart(rank: int, port: int, path: Path) -> None:
    """One of two ranks: its half of the clips through synchronised norms, forward and backward."""
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    network, clips = _network_and_clips()
    synchronise(network, torch.device("cpu"))
    assert sum(isinstance(m, SharedNorm) for m in network.modules()) == 3
    out, grads = _outputs_and_gradients(network, clips[rank * 4 : rank * 4 + 4].clone())
    for grad in grads:
        dist.all_reduce(grad)
    torch.save([out, grads, list(network.state_dict().values())], path / f"{rank}.pt")
    network.eval()
    torch.save(network(clips), path / f"eval-{rank}.pt")
    dist.destroy_process_group()


def _network_and_clips() -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(2, 5, 3), nn.BatchNorm3d(5), nn.ReLU(inplace=True),
        nn.Flatten(2), nn.BatchNorm1d(5), nn.Flatten(), nn.Linear(5 * 36, 7, bias=False),
        nn.BatchNorm1d(7),
    )  # fmt: skip
    return network, torch.randn(8, 2, 3, 8, 8) * 3 + 5


def _outputs_and_gradients(network: nn.Module, clips: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Of a loss that weighs every output differently, summed over clips."""
    clips.requires_grad_()
    out = network.train()(clips)
    (out.sigmoid() * torch.arange(1.0, 8)).square().sum().backward()
    grads = [p.grad for p in network.parameters() if p.grad is not None]
    assert clips.grad is not None
    return out.detach(), [clips.grad.square().sum(), *grads]


@pytest.mark.slow
def test_batch_norm_over_two_processes(tmp_path: Path) -> None:
    """Outputs, gradients (also those to the input) and statistics of torch's own on all clips."""
    network, clips = _network_and_clips()
    out, grads = _outputs_and_gradients(network, clips.clone())
    port = free_port()
    ranks = [SERVER.Process(target=_apart, args=(rank, port, tmp_path)) for rank in range(2)]
    for rank in ranks:
        rank.start()
    assert wait(ranks) == [0, 0]
    halves = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    torch.testing.assert_close(torch.cat([h[0] for h in halves]), out, atol=1e-5, rtol=1e-5)
    for _, found, state in halves:
        for ours, theirs in zip(found, grads, strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
        for ours, theirs in zip(state, network.state_dict().values(), strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    expected = network.eval()(clips)
    torch.testing.assert_close(torch.load(tmp_path / "eval-0.pt"), expected, atol=1e-5, rtol=1e-4)
