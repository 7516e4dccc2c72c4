"""From samples to the network's sound: a log mel filterbank, 20 ms frames every 10 ms.

The filters are those of python_speech_features (mel = 2595 log10(1 + f / 700), filter edges on
whole Fourier bins), which the paper's release uses; at 24 kHz, 38 of its 257 filters are empty.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import compiled_exactly
from selavi.settings import FRAME_SECONDS, AudioSettings
from selavi.transforms.video.moments import moments

HOP_SECONDS = 0.01
PRE_EMPHASIS = 0.97
SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class AudioView:
    """One way to listen to a clip; everything random has been drawn.

    delay : seconds by which the window starts after the picture.
    volume : factor on the samples.
    shift : filters the spectrogram is moved up by.
    mask_filters, mask_frames : (first, count) of what is silenced.
    """

    delay: float = 0.0
    volume: float = 1.0
    shift: int = 0
    mask_filters: tuple[int, int] = (0, 0)
    mask_frames: tuple[int, int] = (0, 0)


def random_view(settings: AudioSettings, random: np.random.Generator) -> AudioView:
    """A training view."""
    frames = spectrogram_frames(settings.seconds)
    most = settings.window_jitter
    return AudioView(
        delay=float(random.uniform(-most, most)) if most else 0.0,
        volume=float(random.uniform(1 - settings.volume, 1 + settings.volume)),
        shift=int(random.integers(-settings.shift, settings.shift + 1)),
        mask_filters=_stretch(settings.mask_filters, settings.filters, random),
        mask_frames=_stretch(min(settings.mask_frames, frames), frames, random),
    )


def spectrogram_frames(seconds: float) -> int:
    """Frames of a window: those that fit, the last one filled up with silence."""
    return 1 + max(0, int(np.ceil(round((seconds - FRAME_SECONDS) / HOP_SECONDS, 6))))


def window_samples(
    samples: int, start_seconds: float, seconds: float, rate: int
) -> tuple[int, int]:
    """The window that starts at `start_seconds`, moved back if it would pass the end.

    samples : how many there are. Returns the first of the window and how many; fewer than
    round(seconds * rate) if there are no more. Places are rounded half to even.
    """
    length = round(seconds * rate)
    first = max(0, min(round(start_seconds * rate), samples - length))
    return first, min(length, samples)


def log_filterbank(waves: Tensor, rate: int, filters: int, fft: int) -> Tensor:
    """Log mel filterbank energies, on the device of `waves`.

    waves : (B, n) of any type, on the int16 scale. Returns (B, F, S) float32; a filter without
    energy gives log(2.22e-16) = -36.04. Frames are not windowed (rectangular), power is divided by
    `fft`. Raises ValueError if `fft` is shorter than a frame.
    """
    length, hop = round(FRAME_SECONDS * rate), round(HOP_SECONDS * rate)
    if fft < length:
        raise ValueError(f"fft = {fft} is shorter than a frame of {length} samples at {rate} Hz")
    # Up to the power in float64: in float32 a quiet line beside a loud one is off by up to 1e-3.
    waves = waves.double()
    emphasised = torch.cat([waves[:, :1], waves[:, 1:] - PRE_EMPHASIS * waves[:, :-1]], dim=1)
    count = 1 + max(0, -(-(waves.shape[1] - length) // hop))
    missing = (count - 1) * hop + length - waves.shape[1]
    frames = torch.nn.functional.pad(emphasised, (0, max(0, missing))).unfold(1, length, hop)
    frames = frames[:, :count]
    if waves.device.type == "cpu":
        energy = torch.empty(len(waves), filters, count)
        for clip, result in zip(frames, energy, strict=True):  # clip by clip: within the cache
            spectrum = torch.fft.rfft(clip, n=fft)
            _energies(spectrum.numpy(), fft, *_bands(filters, fft, rate), result.numpy())
    else:
        spectrum = torch.fft.rfft(frames, n=fft)
        power = ((spectrum.real**2 + spectrum.imag**2) / fft).float()
        energy = (power @ mel_filters(filters, fft, rate, waves.device)).transpose(1, 2)
    return torch.where(energy == 0, SMALLEST, energy).log()


@compiled_exactly
def _energies(
    spectrum: np.ndarray,
    fft: int,
    table: np.ndarray,
    first: np.ndarray,
    end: np.ndarray,
    out: np.ndarray,
) -> None:
    """The same product as on a GPU, but for the zeros."""
    power = np.empty(spectrum.shape[1], np.float32)
    for frame in range(spectrum.shape[0]):
        for k in range(len(power)):
            value = spectrum[frame, k]
            power[k] = (value.real**2 + value.imag**2) / fft
        for f in range(len(table)):
            total = np.float32(0)
            for k in range(first[f], end[f]):
                total += power[k] * table[f, k]
            out[f, frame] = total


@cache
def _bands(filters: int, fft: int, rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The filters by row, (F, fft // 2 + 1); where each begins, and the bin after its end."""
    table = np.ascontiguousarray(mel_filters(filters, fft, rate).numpy().T)
    inside = np.pad(table != 0, ((0, 0), (0, 1)))
    first = inside.argmax(1)
    return table, first, first + inside.sum(1)


@cache
def mel_filters(filters: int, fft: int, rate: int, device: torch.device | None = None) -> Tensor:
    """Triangular filters as a matrix: (fft // 2 + 1, F) float32."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, filters + 2) / 2595) - 1)
    edges = np.floor((fft + 1) * hertz / rate)
    bins = np.arange(fft // 2 + 1)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where((bins >= low) & (bins < middle), (bins - low) / (middle - low), 0)
        falling = np.where((bins >= middle) & (bins < high), (high - bins) / (high - middle), 0)
    table = np.where(bins < middle, rising, falling).astype(np.float32)
    return torch.from_numpy(table).to(device)


def prepare_audio(
    waves: Tensor, views: list[AudioView], rate: int, settings: AudioSettings
) -> Tensor:
    """Volume, log filterbank, normalisation, and what else the views ask for.

    waves : (B, n) int16, on any device. Returns (B, 1, F, S) float32. Masks are filled with each
    clip's mean; where a spectrogram is moved, its edge filter is repeated.
    """
    device = waves.device

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)[:, None]

    louder = waves * column([view.volume for view in views])
    result = log_filterbank(louder, rate, settings.filters, settings.fft)
    if settings.normalise == "fixed":
        result = (result - 1.93) / 17.89
    elif settings.normalise == "clip":
        deviation, mean = (values[:, None, None] for values in moments(result))
        result = (result - mean) / deviation.clamp_min(1e-3)
    mean = result.mean((1, 2), keepdim=True)
    filters = torch.arange(result.shape[1], device=device)
    frames = torch.arange(result.shape[2], device=device)
    if settings.shift:
        rows = (filters - column([view.shift for view in views])).long()
        rows = rows.clamp(0, len(filters) - 1)[:, :, None].expand_as(result)
        result = result.gather(1, rows)
    if settings.mask_filters or settings.mask_frames:
        masked = (
            _inside(filters, [view.mask_filters for view in views])[:, :, None]
            | _inside(frames, [view.mask_frames for view in views])[:, None]
        )
        result = torch.where(masked, mean, result)
    return result.unsqueeze(1)


def _inside(places: Tensor, stretches: list[tuple[int, int]]) -> Tensor:
    """Whether each place lies in its clip's stretch: (B, len(places)) bool."""
    first, count = torch.tensor(stretches, device=places.device).T[:, :, None]
    return (places >= first) & (places < first + count)


def _stretch(longest: int, room: int, random: np.random.Generator) -> tuple[int, int]:
    count = int(random.integers(0, longest + 1))
    return int(random.integers(0, room - count + 1)), count
