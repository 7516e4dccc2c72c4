"""The feature map of an encoder's last stage, before pooling."""

from typing import Any

from torch import Tensor, nn


def last_map(encoder: nn.Module, clips: Tensor) -> Tensor:
    """Run an encoder and return the output of its last stage ("layer 4").

    Parameters
    ----------
    encoder : nn.Module
        With a submodule `layer4` or `blocks`.
    clips : Tensor
        (B, ...) input of the encoder.

    Returns
    -------
    Tensor
        (B, D, ...); for R(2+1)D-18 and clips of 32 x 112 x 112, (B, 512, 4, 7, 7).
    """
    last_stage = encoder.get_submodule("layer4" if hasattr(encoder, "layer4") else "blocks")
    outputs: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        outputs.append(output)

    hook = last_stage.register_forward_hook(keep)
    try:
        encoder(clips)
    finally:
        hook.remove()
    return outputs[0]
