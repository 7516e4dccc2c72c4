import numpy as np
import pytest
import torch

from selavi.settings import AudioSettings
from selavi.transforms import audio


def reference_filterbank(wave: np.ndarray, rate: int, filters: int, fft: int) -> np.ndarray:
    """The definition, written out frame by frame and filter by filter in float64."""
    signal = np.append(wave[0], wave[1:] - 0.97 * wave[:-1]).astype(np.float64)
    length, hop = round(0.02 * rate), round(0.01 * rate)
    count = 1 + int(np.ceil((len(signal) - length) / hop))
    signal = np.append(signal, np.zeros((count - 1) * hop + length - len(signal)))
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), filters + 2)
    edges = np.floor((fft + 1) * 700 * (10 ** (mel / 2595) - 1) / rate)
    bank = np.zeros((filters, fft // 2 + 1))
    for j in range(filters):
        for i in range(int(edges[j]), int(edges[j + 1])):
            bank[j, i] = (i - edges[j]) / (edges[j + 1] - edges[j])
        for i in range(int(edges[j + 1]), int(edges[j + 2])):
            bank[j, i] = (edges[j + 2] - i) / (edges[j + 2] - edges[j + 1])
    frames = np.stack([signal[i * hop : i * hop + length] for i in range(count)])
    energy = (np.abs(np.fft.rfft(frames, fft)) ** 2 / fft) @ bank.T
    return np.log(np.where(energy == 0, np.finfo(float).eps, energy)).T


def sounds(rate: int, seconds: float) -> dict[str, np.ndarray]:
    random, time = np.random.default_rng(0), np.arange(round(rate * seconds)) / rate
    return {
        "noise": random.normal(0, 3000, len(time)),
        "tone": 20000 * np.sin(2 * np.pi * 1000 * time),
        "loud bass, quiet hiss": 30000 * np.sin(2 * np.pi * 50 * time)
        + random.normal(0, 1, len(time)),
        "clicks": 30000.0 * (np.arange(len(time)) % 3000 == 0),
    }


@pytest.mark.parametrize(
    ("rate", "seconds", "filters", "fft", "frames"),
    [(24000, 1.0, 257, 1024, 99), (24000, 2.0, 257, 1024, 199), (16000, 1.0, 40, 512, 99)],
)
def test_filterbank_is_the_definition(
    rate: int, seconds: float, filters: int, fft: int, frames: int
) -> None:
    for name, sound in sounds(rate, seconds).items():
        wave = sound.round().astype(np.int16)
        found = audio.log_filterbank(torch.from_numpy(wave)[None], rate, filters, fft)[0]
        assert found.shape == (filters, frames)
        assert found.dtype == torch.float32
        assert found.shape[1] == audio.spectrogram_frames(seconds)
        expected = reference_filterbank(wave.astype(np.float64), rate, filters, fft)
        assert np.abs(found.numpy() - expected).max() < 1e-4, name


def test_silence_and_empty_filters_give_the_floor() -> None:
    quiet = audio.log_filterbank(torch.zeros(1, 24000), 24000, 257, 1024)
    assert torch.allclose(quiet, torch.tensor(-36.0437), atol=1e-4)
    assert int((audio.mel_filters(257, 1024, 24000).sum(0) == 0).sum()) == 38


def test_a_frame_longer_than_the_transform_is_an_error() -> None:
    with pytest.raises(ValueError, match="fft = 256 is shorter than a frame of 480"):
        audio.log_filterbank(torch.zeros(1, 24000), 24000, 40, 256)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (0.0, 0),
        (0.5, 8000),
        (1.2, 16000),
        (9.0, 16000),
        (-0.3, 0),
        (1.5 / 16000, 2),
        (2.5 / 16000, 2),
    ],
)
def test_window_is_moved_back_rather_than_cut_and_rounded_half_to_even(
    start: float, expected: int
) -> None:
    assert audio.window_samples(32000, start, 1.0, 16000) == (expected, 16000)


def test_a_sound_shorter_than_the_window_is_taken_whole() -> None:
    assert audio.window_samples(100, 0.5, 1.0, 16000) == (0, 100)


def prepared(waves: torch.Tensor, views: list[audio.AudioView], **settings: object) -> torch.Tensor:
    chosen = AudioSettings(filters=40, fft=512, **settings)  # type: ignore[arg-type]
    return audio.prepare_audio(waves, views, 16000, chosen)[:, 0]


def test_masks_and_shifts_do_what_they_say() -> None:
    random = np.random.default_rng(0)
    waves = torch.from_numpy(random.integers(-9000, 9000, (3, 16000)).astype(np.int16))
    view = audio.AudioView(mask_filters=(5, 2), mask_frames=(10, 4))
    views = [audio.AudioView(), audio.AudioView(shift=3), view]
    plain = prepared(waves, [audio.AudioView()] * 3)
    found = prepared(waves, views, shift=3, mask_filters=6, mask_frames=15)
    assert torch.equal(found[0], plain[0])
    assert torch.equal(found[1], plain[1][[0, 0, 0, 0, *range(1, 37)]])
    mean = plain[2].mean()
    assert torch.allclose(found[2, 5:7], mean)
    assert torch.allclose(found[2, :, 10:14], mean)
    kept = torch.ones(40, 99, dtype=torch.bool)
    kept[5:7], kept[:, 10:14] = False, False
    assert torch.equal(found[2][kept], plain[2][kept])


def test_volume_and_normalisation() -> None:
    random = np.random.default_rng(0)
    waves = torch.from_numpy(random.integers(-9000, 9000, (2, 16000)).astype(np.int16))
    plain = prepared(waves, [audio.AudioView()] * 2)
    louder = prepared(waves, [audio.AudioView(volume=1.1), audio.AudioView(volume=0.9)])
    gains = 2 * torch.log(torch.tensor([1.1, 0.9]))[:, None, None]
    assert torch.allclose(louder, plain + gains, atol=1e-4)
    fixed = prepared(waves, [audio.AudioView()] * 2, normalise="fixed")
    assert torch.allclose(fixed, (plain - 1.93) / 17.89, atol=1e-5)
    by_clip = prepared(waves, [audio.AudioView()] * 2, normalise="clip")
    assert torch.allclose(by_clip.mean((1, 2)), torch.zeros(2), atol=1e-4)
    assert torch.allclose(by_clip.std((1, 2), correction=0), torch.ones(2), atol=1e-4)


def test_random_audio_views_stay_within_their_bounds() -> None:
    settings = AudioSettings(
        filters=40, shift=3, mask_filters=6, mask_frames=15, volume=0.1, window_jitter=0.5
    )
    random = np.random.default_rng(0)
    views = [audio.random_view(settings, random) for _ in range(500)]
    assert {v.shift for v in views} == set(range(-3, 4))
    assert all(v.mask_filters[0] + v.mask_filters[1] <= 40 for v in views)
    assert all(v.mask_frames[0] + v.mask_frames[1] <= 99 for v in views)
    assert {v.mask_frames[1] for v in views} == set(range(16))
    assert all(0.9 <= v.volume <= 1.1 for v in views)
    delays = [v.delay for v in views]
    assert -0.5 <= min(delays) < -0.45
    assert 0.45 < max(delays) <= 0.5
