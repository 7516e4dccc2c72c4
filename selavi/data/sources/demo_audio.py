"""Sounds of the demo dataset: one timbre for each class, under strong nuisances.

Every timbre is a function of pitch (a factor on its frequencies), tempo (a factor on its rates)
and a random generator, which also says where in its cycle the sound begins. Letter in names:
S samples. Times are seconds, frequencies hertz, levels decibels.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal

F64 = npt.NDArray[np.float64]

RATE = 16_000
SAMPLES = 2 * RATE

_TIME_S = np.arange(SAMPLES) / RATE
_FREQUENCY = np.fft.rfftfreq(SAMPLES, 1 / RATE)
# Octaves above 1 kHz; the floor keeps the lowest bins finite.
_OCTAVE = np.log2(np.maximum(_FREQUENCY, 60) / 1000)


def make_sound(label: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Synthesise the audio of one video, 2 s.

    Parameters
    ----------
    label : int
        Index into `TIMBRES`, 0 to 9.
    rng : numpy.random.Generator
        Draws all else: pitch (within an octave either way), tempo (within 32 %), spectral tilt,
        background noise (3 to 18 dB below the sound) and level, alike for every label.

    Returns
    -------
    numpy.ndarray
        (32000,) float32 in [-1, 1], mono, 16 kHz.
    """
    pitch = 2 ** rng.uniform(-1, 1)
    tempo = rng.uniform(0.68, 1.32)
    sound = _unit(_tilt(TIMBRES[label](pitch, tempo, rng), rng.uniform(-4, 4)))
    noise = _unit(_tilt(rng.standard_normal(SAMPLES), rng.uniform(-6, 0)))
    mix = sound + noise * _gain(-rng.uniform(3, 18))
    # Quiet enough that even clicks keep their peaks: clipping would make the level tell them.
    level = _gain(rng.uniform(-32, -22))
    clipped: npt.NDArray[np.float32] = np.clip(_unit(mix) * level, -1, 1).astype(np.float32)
    return clipped


def _bell(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    brightness = rng.uniform(2, 5)

    def strike(time: F64) -> F64:
        ring = brightness * np.exp(-time / 0.25) * np.sin(2 * np.pi * 910 * pitch * time)
        return np.exp(-time / 0.4) * np.sin(2 * np.pi * 650 * pitch * time + ring)

    return _repeat(strike, 1.6 * tempo, 1.5, rng)


def _siren(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    swing = np.sin(2 * np.pi * (1.1 * tempo * _TIME_S + rng.uniform()))
    phase = _phase(800 * pitch * 2 ** (rng.uniform(0.3, 0.7) * swing))
    edge = rng.uniform(0, 0.7)
    return np.sin(phase) + edge * np.sin(2 * phase) + edge**2 * np.sin(3 * phase)


def _noise_bursts(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    cycle = (3.2 * tempo * _TIME_S + rng.uniform()) % 1
    # Edges of a few milliseconds, so that a burst does not also click.
    gate: F64 = np.clip(np.minimum(cycle, rng.uniform(0.3, 0.6) - cycle) * 60, 0, 1)
    return gate * _band_noise(1800 * pitch, rng.uniform(0.5, 1.2), rng)


def _rising_chirp(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    cycle = (1.5 * tempo * _TIME_S + rng.uniform()) % 1
    sweep = cycle / 0.85
    fade: F64 = np.clip(np.minimum(sweep, 1 - sweep) * 20, 0, 1)
    climb = rng.uniform(1.5, 3)
    return fade * np.sin(_phase(350 * pitch * 2 ** (climb * np.minimum(sweep, 1))))


def _tremolo_buzzer(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    swell = np.sin(2 * np.pi * (7 * tempo * _TIME_S + rng.uniform()))
    return (1 + rng.uniform(0.6, 1) * swell) * _harmonics(260 * pitch, lambda n: (n % 2) / n)


def _plucked_string(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    def pluck(time: F64) -> F64:
        frequency = 200 * pitch * 2 ** (rng.choice([0, 3, 5, 7, 10, 12]) / 12)
        return _string(frequency, len(time), rng)

    return _repeat(pluck, 4.0 * tempo, 0.6, rng)


def _random_clicks(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    shots = np.zeros(SAMPLES)
    at = rng.integers(0, SAMPLES, rng.poisson(18 * tempo * 2) + 6)
    shots[at] = rng.uniform(0.5, 1, len(at)) * rng.choice([-1, 1], len(at))
    return _resonate(shots, 2200 * pitch, rng.uniform(300, 1200))


def _vowel_drone(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    vibrato = 0.02 * np.sin(2 * np.pi * (5 * tempo * _TIME_S + rng.uniform()))
    voice = signal.sawtooth(_phase(130 * pitch * (1 + vibrato)))
    # The formants of "ah"; they follow the pitch by half, since high voices have small throats.
    vowel = np.zeros(SAMPLES)
    for formant in (730, 1090, 2440):
        vowel += _resonate(voice, formant * pitch**0.5, 90)
    return vowel


def _swoosh(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    cycle = (0.9 * tempo * _TIME_S + rng.uniform()) % 1
    hump = np.sin(np.pi * cycle) ** 2
    # Noise whose band climbs and falls: a crossfade between neighbours on a ladder of bands.
    climb = rng.uniform(2, 3.5)
    rung = 5 * hump
    swept = np.zeros(SAMPLES)
    for step in range(6):
        near = np.clip(1 - np.abs(rung - step), 0, 1)
        swept += near * _band_noise(450 * pitch * 2 ** (climb * step / 5), 0.5, rng)
    return (0.1 + hump) * swept


def _organ_chords(pitch: float, tempo: float, rng: np.random.Generator) -> F64:
    second = (1.4 * tempo * _TIME_S + rng.uniform()) % 1 < 0.5
    chords = np.zeros(SAMPLES)
    step = rng.choice([-7, -5, -3, 3, 5, 7])
    for shift, playing in ((0, ~second), (step, second)):
        for semitone in (0, 4, 7):
            root = 420 * pitch * 2 ** ((shift + semitone) / 12)
            for stop, loudness in ((1, 1.0), (2, 0.6), (4, 0.3)):
                tone = np.sin(2 * np.pi * (root * stop * _TIME_S + rng.uniform()))
                chords += playing * loudness * tone * (root * stop < RATE / 2)
    return chords


TIMBRES: tuple[Callable[[float, float, np.random.Generator], F64], ...] = (
    _bell,
    _siren,
    _noise_bursts,
    _rising_chirp,
    _tremolo_buzzer,
    _plucked_string,
    _random_clicks,
    _vowel_drone,
    _swoosh,
    _organ_chords,
)


def _repeat(
    note: Callable[[F64], F64], rate: float, length: float, rng: np.random.Generator
) -> F64:
    """The same kind of note `rate` times a second, each ringing on under the next.

    The first begins before the clip does, so that the clip opens anywhere within a note.
    """
    before = int(length * RATE)
    sound = np.zeros(before + SAMPLES + before)
    time = np.arange(before) / RATE
    for start in np.arange(rng.uniform(0, 1 / rate), length + SAMPLES / RATE, 1 / rate):
        at = int(start * RATE)
        sound[at : at + before] += note(time)
    return sound[before : before + SAMPLES]


def _string(frequency: float, samples: int, rng: np.random.Generator) -> F64:
    """A plucked string (Karplus-Strong): a burst of noise in a loop that dulls it each time."""
    period = int(RATE / frequency)
    burst = np.zeros(samples)
    burst[:period] = rng.uniform(-1, 1, period)
    loop = np.zeros(period + 2)
    loop[0], loop[period:] = 1, -0.495
    plucked: F64 = signal.lfilter([1.0], loop, burst)
    return plucked


def _harmonics(frequency: float, loudness: Callable[[int], float]) -> F64:
    """A steady tone of all harmonics below the Nyquist frequency, so that none folds back."""
    sound = np.zeros(SAMPLES)
    for n in range(1, int(RATE / 2 / frequency) + 1):
        if loudness(n):
            sound += loudness(n) * np.sin(2 * np.pi * n * frequency * _TIME_S)
    return sound


def _band_noise(centre: float, octaves: float, rng: np.random.Generator) -> F64:
    """Noise of unit power, its band a bell of half-width `octaves` around `centre`."""
    distance = (_OCTAVE - np.log2(centre / 1000)) / octaves
    spectrum = np.fft.rfft(rng.standard_normal(SAMPLES)) * np.exp(-(distance**2) / 2)
    return _unit(np.fft.irfft(spectrum, SAMPLES))


def _resonate(sound: F64, frequency: float, bandwidth: float) -> F64:
    b, a = signal.iirpeak(frequency, frequency / bandwidth, RATE)
    resonant: F64 = signal.lfilter(b, a, sound)
    return resonant


def _phase(frequency_S: F64) -> F64:
    return 2 * np.pi * np.cumsum(frequency_S) / RATE


def _tilt(sound: F64, slope: float) -> F64:
    """Turn the spectrum about 1 kHz by `slope` dB an octave."""
    return np.fft.irfft(np.fft.rfft(sound) * _gain(slope * _OCTAVE), SAMPLES)


def _unit(sound: F64) -> F64:
    """The sound at an RMS of 1."""
    scaled: F64 = sound / np.sqrt(np.mean(sound**2))
    return scaled


def _gain(decibels: npt.ArrayLike) -> F64:
    gain: F64 = np.power(10.0, np.asarray(decibels) / 20)
    return gain
