"""Random colour and blur: one draw for all frames of a clip, on pixels before normalisation."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from selavi.settings import VideoSettings

HUE_SHARE = 0.25  # of the strength: hue is cyclic, and a full turn of it leaves nothing to see
BLUR_SIGMA = (0.1, 2.0)  # pixels
OPERATIONS = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


@dataclass(frozen=True)
class ColourView:
    """What is done to a clip's colours; everything random has been drawn.

    jitter : operations of `OPERATIONS` with their factors, in the order they are applied.
    grey : drop the colours. blur : deviation of the Gaussian in pixels, 0 for none.
    """

    jitter: tuple[tuple[str, float], ...] = ()
    grey: bool = False
    blur: float = 0.0


def random_colour(settings: VideoSettings, random: np.random.Generator) -> ColourView | None:
    """Draw a training clip's colours; None, without drawing, if the settings ask for nothing."""
    strength = settings.colour
    if not (strength or settings.greyscale or settings.blur):
        return None
    draws = random.random(3)
    factors = dict(zip(OPERATIONS, 1 + random.uniform(-strength, strength, 4), strict=True))
    factors["hue"] = (factors["hue"] - 1) * HUE_SHARE
    order = random.permutation(list(OPERATIONS)).tolist()
    sigma = float(random.uniform(*BLUR_SIGMA))
    jitters = strength > 0 and draws[0] < settings.colour_probability
    return ColourView(
        jitter=tuple((name, float(factors[name])) for name in order) if jitters else (),
        grey=bool(draws[1] < settings.greyscale),
        blur=sigma if draws[2] < settings.blur else 0.0,
    )


def recolour(pixels: Tensor, view: ColourView) -> Tensor:
    """Apply a draw to a clip: (C, T, height, width) float32 in 0..1; C is 3, or 1 for grey."""
    frames = pixels.transpose(0, 1)
    for name, factor in view.jitter:
        frames = OPERATIONS[name](frames, factor)
    if view.grey and frames.shape[1] == 3:
        frames = F.rgb_to_grayscale(frames, num_output_channels=3)
    if view.blur:
        kernel = 2 * max(1, round(3 * view.blur)) + 1
        frames = F.gaussian_blur(frames, [kernel, kernel], [view.blur, view.blur])
    return frames.transpose(0, 1)
