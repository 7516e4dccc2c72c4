"""Colour jitter, greyscale and blur: one draw per clip, applied before normalisation."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from selavi.settings import VideoSettings

HUE_FACTOR = 0.25  # of the strength: hue is cyclic, and a large shift destroys the colours
BLUR_SD = (0.1, 2.0)  # range, in pixels
OPERATIONS = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


@dataclass(frozen=True)
class ColourView:
    """Colour augmentations of a clip, with all random choices made.

    Attributes
    ----------
    jitter : tuple of (str, float)
        Names and factors of OPERATIONS, in the order of application.
    grey : bool
        Whether to convert to greyscale.
    blur : float
        Standard deviation of the Gaussian blur, in pixels; 0 for none.
    """

    jitter: tuple[tuple[str, float], ...] = ()
    grey: bool = False
    blur: float = 0.0


def random_colour(settings: VideoSettings, random: np.random.Generator) -> ColourView | None:
    """Draw the colour augmentations of a training clip.

    Parameters
    ----------
    settings : VideoSettings
        Strengths and probabilities.
    random : numpy.random.Generator
        Random generator; not advanced if all augmentations are off.

    Returns
    -------
    ColourView or None
        None if all augmentations are off.
    """
    strength = settings.colour
    if not (strength or settings.greyscale or settings.blur):
        return None
    draws = random.random(3)
    factors = dict(zip(OPERATIONS, 1 + random.uniform(-strength, strength, 4), strict=True))
    factors["hue"] = (factors["hue"] - 1) * HUE_FACTOR
    order = random.permutation(list(OPERATIONS)).tolist()
    sd = float(random.uniform(*BLUR_SD))
    has_jitter = strength > 0 and draws[0] < settings.colour_probability
    return ColourView(
        jitter=tuple((name, float(factors[name])) for name in order) if has_jitter else (),
        grey=bool(draws[1] < settings.greyscale),
        blur=sd if draws[2] < settings.blur else 0.0,
    )


def recolour(pixels: Tensor, view: ColourView) -> Tensor:
    """Apply colour augmentations to a clip.

    Parameters
    ----------
    pixels : Tensor
        (C, T, height, width) float32 in [0, 1]; C is 3, or 1 for grey.
    view : ColourView
        The augmentations.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    frames = pixels.transpose(0, 1)
    for name, factor in view.jitter:
        frames = OPERATIONS[name](frames, factor)
    if view.grey and frames.shape[1] == 3:
        frames = F.rgb_to_grayscale(frames, num_output_channels=3)
    if view.blur:
        kernel = 2 * max(1, round(3 * view.blur)) + 1
        frames = F.gaussian_blur(frames, [kernel, kernel], [view.blur, view.blur])
    return frames.transpose(0, 1)
