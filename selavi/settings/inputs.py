"""Clips as the network sees them: which frames, what size, which sound."""

from typing import Literal, Self

from pydantic import Field, model_validator

from selavi.settings.section import Section

FRAME_SECONDS = 0.02  # of the spectrogram


class VideoSettings(Section):
    """The picture half of a clip, as the network sees it."""

    frames: int = Field(30, ge=1, le=10_000)
    """Frames of a clip."""
    fps: float = Field(30.0, gt=0, le=120)
    """Frame rate at which they are taken, in frames per second."""
    scale_min: int = Field(128, ge=8, le=4096)
    """Smallest short side that training frames are resized to, in pixels."""
    scale_max: int = Field(160, ge=8, le=4096)
    """Largest short side that training frames are resized to, in pixels."""
    crop: int = Field(112, ge=8, le=4096)
    """Side of the square crop, in pixels."""
    flip: float = Field(0.5, ge=0, le=1)
    """Probability of a left-right flip in training."""
    grey: bool = False
    """Use one channel of luminance in place of RGB."""
    normalise: Literal["fixed", "clip"] = "fixed"
    """fixed: (x - 0.45) / 0.225; clip: zero mean and unit deviation over each clip."""
    jitter: float = Field(0.0, ge=0, lt=1)
    """Random gain and bias of a training clip: gain in 1 +- jitter, bias in +- jitter."""
    colour: float = Field(0.0, ge=0, le=1)
    """Random brightness, contrast and saturation of a training clip, each in 1 +- colour, and hue
    in +- colour / 4 of a turn; 0.4 is usual."""
    colour_probability: float = Field(0.8, ge=0, le=1)
    """Probability of random colour, where `colour` asks for it."""
    greyscale: float = Field(0.0, ge=0, le=1)
    """Probability that a training clip loses its colours; 0.2 is usual."""
    blur: float = Field(0.0, ge=0, le=1)
    """Probability that a training clip is blurred, by a Gaussian of 0.1 to 2 pixels."""

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        if self.scale_min > self.scale_max:
            raise ValueError(f"scale_min = {self.scale_min} is above scale_max = {self.scale_max}")
        if self.crop > self.scale_min:
            raise ValueError(
                f"crop = {self.crop} is larger than the short side scale_min = {self.scale_min}; "
                f"use crop <= {self.scale_min}"
            )
        return self


class AudioSettings(Section):
    """The sound half of a clip, as the network sees it: a log mel filterbank."""

    seconds: float = Field(1.0, gt=0, le=60)
    """Length of the window, in seconds; it starts with the clip's first frame."""
    filters: int = Field(257, ge=8, le=4096)
    """Mel filters."""
    fft: int = Field(1024, ge=64, le=65_536)
    """Length of the Fourier transform, in samples."""
    normalise: Literal["none", "fixed", "clip"] = "none"
    """none; fixed: (x - 1.93) / 17.89; clip: zero mean and unit deviation over each clip."""
    volume: float = Field(0.0, ge=0, lt=1)
    """Random volume of a training clip: 1 +- volume."""
    window_jitter: float = Field(0.0, ge=0, le=60)
    """A training clip's window starts up to this long before or after its picture, in seconds."""
    shift: int = Field(0, ge=0, le=4096)
    """Training clips are moved by up to this many filters up or down."""
    mask_filters: int = Field(0, ge=0, le=4096)
    """Training clips lose a band of up to this many filters."""
    mask_frames: int = Field(0, ge=0, le=10_000)
    """Training clips lose a stretch of up to this many spectrogram frames (10 ms each)."""

    @model_validator(mode="after")
    def _shift_fits(self) -> Self:
        if max(self.shift, self.mask_filters) >= self.filters:
            raise ValueError(f"shift and mask_filters must stay below filters = {self.filters}")
        return self
