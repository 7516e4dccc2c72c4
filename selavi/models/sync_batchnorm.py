"""Batch norm over the clips of all processes, on devices for which torch has none of its own.

Letters in shapes: B clips of this process, C channels, W processes.
"""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def synchronise(network: nn.Module, device: torch.device) -> None:
    """Make every batch norm of the network count all processes' clips, keeping its parameters.

    torch's SyncBatchNorm on a GPU, SharedNorm elsewhere; both keep the names of the state dict.
    """
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, SharedNorm.like(child))


class SharedNorm(_BatchNorm):
    """Batch norm of (B, C, ...) over the B clips of each of W processes.

    Every process brings as many clips. Outputs, gradients and running statistics are those of one
    process with all of the W x B clips, but for rounding.
    """

    @classmethod
    def like(cls, norm: _BatchNorm) -> "SharedNorm":
        """The same normalisation, synchronised: parameters and buffers are taken over, not copied.

        Only batch norms with weights and running statistics are known here.
        """
        assert norm.affine and norm.track_running_stats and norm.momentum is not None
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
        shared.num_batches_tracked = norm.num_batches_tracked
        return shared.train(norm.training)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected clips x channels x ..., got shape {tuple(input.shape)}")

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
    """(x - mean) / deviation * weight + bias, with the moments of all processes' x.

    One collective forward and one backward; the input is kept for the way back, not the output, so
    that a ReLU may follow in place.
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
        own = torch.stack([mean, variance])
        parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, own)
        means, variances = torch.stack(parts, 1)  # (W, C) each
        mean = means.mean(0)
        variance = variances.mean(0) + means.var(0, correction=0)
        count = x.numel() // x.shape[1] * len(parts)
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
        shared = torch.stack([bias_grad, weight_grad])
        dist.all_reduce(shared)
        along_bias, along_weight = (shared / ctx.count).view(2, *shape)
        x_grad = (weight * scale).view(shape) * (grad - along_bias - normal * along_weight)
        return x_grad.to(x.dtype), weight_grad, bias_grad, None


# Left out of compiled graphs: collectives inside them are not sound on every backend.
_normalise: Any = torch.compiler.disable(_Normalise.apply)


def _all_but_channels(x: Tensor) -> list[int]:
    return [0, *range(2, x.ndim)]
