"""From waveforms to the audio encoder's input: a log-mel spectrogram, 20 ms frames, 10 ms hop.

The filters are those of python_speech_features (mel = 2595 log10(1 + f / 700), filter edges rounded
down to Fourier bins), as in the paper; at 24 kHz, 38 of the 257 filters are empty.
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
    """A view of a clip's audio, with all random choices made.

    Attributes
    ----------
    delay : float
        Start of the audio window after the first frame, in seconds.
    volume : float
        Factor on the samples.
    shift : int
        Filters by which the spectrogram is shifted up.
    mask_filters : tuple of int
        First masked filter, and their number.
    mask_frames : tuple of int
        First masked spectrogram frame, and their number.
    """

    delay: float = 0.0
    volume: float = 1.0
    shift: int = 0
    mask_filters: tuple[int, int] = (0, 0)
    mask_frames: tuple[int, int] = (0, 0)


def random_view(settings: AudioSettings, random: np.random.Generator) -> AudioView:
    """Draw a training view.

    Parameters
    ----------
    settings : AudioSettings
        Ranges of the augmentations.
    random : numpy.random.Generator
        Random generator.

    Returns
    -------
    AudioView
        The drawn view.
    """
    frames = spectrogram_frames(settings.seconds)
    jitter = settings.window_jitter
    return AudioView(
        delay=float(random.uniform(-jitter, jitter)) if jitter else 0.0,
        volume=float(random.uniform(1 - settings.volume, 1 + settings.volume)),
        shift=int(random.integers(-settings.shift, settings.shift + 1)),
        mask_filters=_random_interval(settings.mask_filters, settings.filters, random),
        mask_frames=_random_interval(min(settings.mask_frames, frames), frames, random),
    )


def spectrogram_frames(seconds: float) -> int:
    """Number of spectrogram frames of a window of `seconds`; the last one is zero-padded."""
    return 1 + max(0, int(np.ceil(round((seconds - FRAME_SECONDS) / HOP_SECONDS, 6))))


def window_samples(
    samples: int, start_seconds: float, seconds: float, rate: int
) -> tuple[int, int]:
    """Locate an audio window, moved back if it would pass the end of the waveform.

    Parameters
    ----------
    samples : int
        Length of the waveform.
    start_seconds : float
        Start of the window, in seconds.
    seconds : float
        Length of the window.
    rate : int
        Sample rate, in Hz.

    Returns
    -------
    first : int
        First sample, rounded half to even.
    count : int
        round(seconds * rate), or less if the waveform is shorter.
    """
    length = round(seconds * rate)
    first = max(0, min(round(start_seconds * rate), samples - length))
    return first, min(length, samples)


def log_filterbank(waveforms: Tensor, rate: int, filters: int, fft: int) -> Tensor:
    """Compute log-mel filterbank energies, with a rectangular window and power / fft.

    Parameters
    ----------
    waveforms : Tensor
        (B, n) of any type, on the int16 scale, on any device.
    rate : int
        Sample rate, in Hz.
    filters : int
        F.
    fft : int
        Length of the Fourier transform, in samples.

    Returns
    -------
    Tensor
        (B, F, S) float32; a filter without energy gives log(2.22e-16) = -36.04.

    Raises
    ------
    ValueError
        If `fft` is shorter than a frame.
    """
    length, hop = round(FRAME_SECONDS * rate), round(HOP_SECONDS * rate)
    if fft < length:
        raise ValueError(
            f"fft = {fft} is shorter than a frame of {length} samples at {rate} Hz; raise audio.fft"
        )
    # float64 up to the power: in float32, a quiet tone beside a loud one has errors up to 1e-3.
    waveforms = waveforms.double()
    emphasised = torch.cat(
        [waveforms[:, :1], waveforms[:, 1:] - PRE_EMPHASIS * waveforms[:, :-1]], dim=1
    )
    count = 1 + max(0, -(-(waveforms.shape[1] - length) // hop))
    padding = (count - 1) * hop + length - waveforms.shape[1]
    frames = torch.nn.functional.pad(emphasised, (0, max(0, padding))).unfold(1, length, hop)
    frames = frames[:, :count]
    if waveforms.device.type == "cpu":
        energy = torch.empty(len(waveforms), filters, count)
        for clip, result in zip(frames, energy, strict=True):  # clip by clip, to stay in the cache
            spectrum = torch.fft.rfft(clip, n=fft)
            _energies(spectrum.numpy(), fft, *_bands(filters, fft, rate), result.numpy())
    else:
        spectrum = torch.fft.rfft(frames, n=fft)
        power = ((spectrum.real**2 + spectrum.imag**2) / fft).float()
        energy = (power @ mel_filters(filters, fft, rate, waveforms.device)).transpose(1, 2)
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
    """The matrix product of the GPU branch, without the filters' zeros."""
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
    """The filters (F, fft // 2 + 1), the first nonzero bin of each, and the bin after its last."""
    table = np.ascontiguousarray(mel_filters(filters, fft, rate).numpy().T)
    nonzero = np.pad(table != 0, ((0, 0), (0, 1)))
    first = nonzero.argmax(1)
    return table, first, first + nonzero.sum(1)


@cache
def mel_filters(filters: int, fft: int, rate: int, device: torch.device | None = None) -> Tensor:
    """Triangular mel filters from 0 Hz to half the sample rate.

    Parameters
    ----------
    filters : int
        F.
    fft : int
        Length of the Fourier transform, in samples.
    rate : int
        Sample rate, in Hz.
    device : torch.device, optional
        Of the result; the CPU by default.

    Returns
    -------
    Tensor
        (fft // 2 + 1, F) float32.
    """
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
    waveforms: Tensor, views: list[AudioView], rate: int, settings: AudioSettings
) -> Tensor:
    """Turn waveforms into normalised, augmented spectrograms.

    A shift repeats the edge filter; masks are filled with the clip's mean.

    Parameters
    ----------
    waveforms : Tensor
        (B, n) int16, on any device.
    views : list of AudioView
        B views.
    rate : int
        Sample rate, in Hz.
    settings : AudioSettings
        Filterbank and normalisation.

    Returns
    -------
    Tensor
        (B, 1, F, S) float32, on the same device.
    """
    device = waveforms.device

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)[:, None]

    scaled = waveforms * column([view.volume for view in views])
    result = log_filterbank(scaled, rate, settings.filters, settings.fft)
    if settings.normalise == "fixed":
        result = (result - 1.93) / 17.89
    elif settings.normalise == "clip":
        sd, mean = (values[:, None, None] for values in moments(result))
        result = (result - mean) / sd.clamp_min(1e-3)
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


def _inside(indices: Tensor, intervals: list[tuple[int, int]]) -> Tensor:
    """Whether each index is in its clip's interval: (B, len(indices)) bool."""
    first, count = torch.tensor(intervals, device=indices.device).T[:, :, None]
    return (indices >= first) & (indices < first + count)


def _random_interval(longest: int, length: int, random: np.random.Generator) -> tuple[int, int]:
    count = int(random.integers(0, longest + 1))
    return int(random.integers(0, length - count + 1)), count
