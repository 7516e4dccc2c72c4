"""Weights to start a training from that are on this machine."""

from selavi.files import UserError
from selavi.models.torchvision_weights import cached_weights
from selavi.models.zoo import PREFIX, find
from selavi.settings import TORCHVISION

PREFERRED = ("vgg_sound", "kinetics", "kinetics_sound", "ave")
"""Released models, the one trained on most classes of sounds first."""


def weights_on_disk() -> str | None:
    """The source of weights for the paper's network, as `network.init` has it; None if none is.

    A released model has weights of both encoders; torchvision's are of the video encoder.
    """
    for name in PREFERRED:
        try:
            if find(name).path.is_file():
                return PREFIX + name
        except UserError:  # no folder for the models
            break
    return TORCHVISION if cached_weights().is_file() else None
