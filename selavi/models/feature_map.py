"""What an encoder sees before it averages: the map of its last stage."""

from typing import Any

from torch import Tensor, nn


def last_map(encoder: nn.Module, clips: Tensor) -> Tensor:
    """Map of the last stage ("layer 4") of an encoder, (B, D, ...) as its convolutions leave it.

    clips : as the encoder takes them. For R(2+1)D-18 and 32 x 112 x 112, (B, 512, 4, 7, 7).
    """
    last = encoder.get_submodule("layer4" if hasattr(encoder, "layer4") else "blocks")
    found: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        found.append(output)

    hook = last.register_forward_hook(keep)
    try:
        encoder(clips)
    finally:
        hook.remove()
    return found[0]
