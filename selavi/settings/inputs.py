"""Clips as the network sees them: frames, crops and augmentation, audio."""

from typing import Literal, Self

from pydantic import Field, model_validator

from selavi.settings.section import Section

FRAME_SECONDS = 0.02  # length of a spectrogram frame


def require_crop_fits(crop: int, scale_min: int, scale_max: int) -> None:
    """Raise ValueError unless crop <= scale_min <= scale_max, all in pixels."""
    if scale_min > scale_max:
        raise ValueError(f"scale_min = {scale_min} is above scale_max = {scale_max}")
    if crop > scale_min:
        raise ValueError(
            f"crop = {crop} is larger than the short side scale_min = {scale_min}; "
            f"use crop <= {scale_min}"
        )


class VideoSettings(Section):
    """The video of a clip, as the network sees it."""

    frames: int = Field(30, ge=1, le=10_000)
    """Frames per clip."""
    fps: float = Field(30.0, gt=0, le=120)
    """Frame rate of the clip, in frames per second."""
    scale_min: int = Field(128, ge=8, le=4096)
    """The smallest short side that training frames are resized to, in pixels."""
    scale_max: int = Field(160, ge=8, le=4096)
    """The largest short side that training frames are resized to, in pixels."""
    crop: int = Field(112, ge=8, le=4096)
    """The side of the square crop, in pixels."""
    flip: float = Field(0.5, ge=0, le=1)
    """Probability of a horizontal flip in training."""
    grey: bool = False
    """Use one channel (luminance) instead of RGB."""
    normalise: Literal["fixed", "clip"] = "fixed"
    """fixed: (x - 0.45) / 0.225. clip: zero mean and unit standard deviation over each clip."""
    jitter: float = Field(0.0, ge=0, lt=1)
    """Random contrast and brightness in training: a gain in 1 +- jitter and a bias in +- jitter."""
    colour: float = Field(0.0, ge=0, le=1)
    """Random brightness, contrast and saturation in training, each in 1 +- colour, and hue in +-
    colour / 4 of a turn. 0.4 is common."""
    colour_probability: float = Field(0.8, ge=0, le=1)
    """Probability that `colour` is applied to a training clip."""
    greyscale: float = Field(0.0, ge=0, le=1)
    """Probability that a training clip is converted to greyscale. 0.2 is common."""
    blur: float = Field(0.0, ge=0, le=1)
    """Probability of a Gaussian blur in training, with a standard deviation of 0.1 to 2 pixels."""

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        require_crop_fits(self.crop, self.scale_min, self.scale_max)
        return self


class AudioSettings(Section):
    """The audio of a clip, as the network sees it: a log-mel spectrogram."""

    seconds: float = Field(1.0, gt=0, le=60)
    """Length of the audio window, in seconds. It starts with the clip's first frame."""
    filters: int = Field(257, ge=8, le=4096)
    """Number of mel filters."""
    fft: int = Field(1024, ge=64, le=65_536)
    """The length of the Fourier transform, in samples."""
    normalise: Literal["none", "fixed", "clip"] = "none"
    """none: unchanged. fixed: (x - 1.93) / 17.89. clip: zero mean and unit standard deviation over
    each clip."""
    volume: float = Field(0.0, ge=0, lt=1)
    """Random volume in training: a factor in 1 +- volume."""
    window_jitter: float = Field(0.0, ge=0, le=60)
    """In training, the audio window starts up to this many seconds before or after the video."""
    shift: int = Field(0, ge=0, le=4096)
    """In training, the spectrogram is shifted by up to this many filters up or down."""
    mask_filters: int = Field(0, ge=0, le=4096)
    """In training, a band of up to this many filters is masked."""
    mask_frames: int = Field(0, ge=0, le=10_000)
    """In training, a stretch of up to this many spectrogram frames (10 ms each) is masked."""

    @model_validator(mode="after")
    def _shift_fits(self) -> Self:
        if max(self.shift, self.mask_filters) >= self.filters:
            raise ValueError(f"shift and mask_filters must stay below filters = {self.filters}")
        return self
