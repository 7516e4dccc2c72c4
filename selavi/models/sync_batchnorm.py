"""Synchronised batch norm, also on CPUs, where torch has none.

Letters in shapes: B clips of this process, C channels, W processes.
"""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def synchronise(network: nn.Module, device: torch.device) -> None:
    """Replace every batch norm of the network by a synchronised one, in place.

    Parameters and the names of the state dict stay. torch's SyncBatchNorm on a GPU, SharedNorm
    elsewhere.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    device : torch.device
        Where it will run.
    """
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, SharedNorm.like(child))


class SharedNorm(_BatchNorm):
    """Batch norm of (B, C, ...) over the clips of all W processes, each with the same B.

    Outputs, gradients and running statistics equal, up to rounding, those of one process with
    W x B clips.
    """

    @classmethod
    def like(cls, norm: _BatchNorm) -> "SharedNorm":
        """A synchronised batch norm that shares the parameters and buffers of `norm`.

        `norm` must have weights and running statistics.
        """
        assert norm.affine and norm.track_running_stats and norm.momentum is not None
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
        shared.num_batches_tracked = norm.num_batches_tracked
        return shared.train(norm.training)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected an input (B, C, ...), got shape {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        out, mean, variance, count = _normalise(input, self.weight, self.bias, self.eps)
        with torch.no_grad():
            assert self.running_mean is not None and self.running_var is not None
            assert self.num_batches_tracked is not None and self.momentum is not None
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
            self.num_batches_tracked += 1
        return out


class _Normalise(torch.autograd.Function):
    """(x - mean) / sd * weight + bias, with the moments of x over all processes.

    One collective forward, one backward. Saves the input, not the output, so that an in-place ReLU
    may follow.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor, int]:
        variance, mean = torch.var_mean(x.float(), _all_but_channels(x), correction=0)
        local = torch.stack([mean, variance])
        gathered = [torch.empty_like(local) for _ in range(dist.get_world_size())]
        dist.all_gather(gathered, local)
        means, variances = torch.stack(gathered, 1)  # (W, C) each
        mean = means.mean(0)
        variance = variances.mean(0) + means.var(0, correction=0)
        count = x.numel() // x.shape[1] * len(gathered)
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt())
        ctx.count = count
        out = F.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance, count

    @staticmethod
    def backward(ctx: Any, out_grad: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, scale = ctx.saved_tensors
        shape = (1, -1, *(1,) * (x.ndim - 2))
        grad = out_grad.float()
        normal = (x.float() - mean.view(shape)) * scale.view(shape)
        bias_grad = grad.sum(_all_but_channels(x))
        weight_grad = (grad * normal).sum(_all_but_channels(x))
        total = torch.stack([bias_grad, weight_grad])
        dist.all_reduce(total)
        mean_grad, mean_product = (total / ctx.count).view(2, *shape)
        x_grad = (weight * scale).view(shape) * (grad - mean_grad - normal * mean_product)
        return x_grad.to(x.dtype), weight_grad, bias_grad, None


# Outside compiled graphs: not every backend supports collectives in them.
_normalise: Any = torch.compiler.disable(_Normalise.apply)


def _all_but_channels(x: Tensor) -> list[int]:
    return [0, *range(2, x.ndim)]
