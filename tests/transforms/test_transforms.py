import numpy as np
import pytest
import torch
import torch.nn.functional as F

from selavi.settings import AudioSettings, VideoSettings
from selavi.transforms import audio, video

PAPER = VideoSettings()


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


@pytest.mark.parametrize(
    ("rate", "seconds", "filters", "fft", "frames"),
    [(24000, 1.0, 257, 1024, 99), (24000, 2.0, 257, 1024, 199), (16000, 1.0, 40, 512, 99)],
)
def test_filterbank_is_the_definition(
    rate: int, seconds: float, filters: int, fft: int, frames: int
) -> None:
    wave = np.random.default_rng(0).normal(0, 3000, round(rate * seconds)).astype(np.float32)
    found = audio.log_filterbank(torch.from_numpy(wave)[None], rate, filters, fft)[0]
    assert found.shape == (filters, frames)
    assert found.shape[1] == audio.spectrogram_frames(seconds)
    expected = reference_filterbank(wave, rate, filters, fft)
    assert np.abs(found.numpy() - expected).max() < 1e-3
    assert np.abs(found.numpy() - expected).mean() < 1e-5


def test_silence_and_empty_filters_give_the_floor() -> None:
    quiet = audio.log_filterbank(torch.zeros(1, 24000), 24000, 257, 1024)
    assert torch.allclose(quiet, torch.tensor(-36.0437), atol=1e-4)
    assert int((audio.mel_filters(257, 1024, 24000).sum(0) == 0).sum()) == 38


def test_a_frame_longer_than_the_transform_is_an_error() -> None:
    with pytest.raises(ValueError, match="fft = 256 is shorter than a frame of 480"):
        audio.log_filterbank(torch.zeros(1, 24000), 24000, 40, 256)


@pytest.mark.parametrize(
    ("start", "expected"), [(0.0, 0), (0.5, 8000), (1.2, 16000), (9.0, 16000), (0.00003125 * 3, 2)]
)
def test_window_is_moved_back_rather_than_cut(start: float, expected: int) -> None:
    samples = np.arange(32000, dtype=np.int16)
    window = audio.cut_window(samples, start, 1.0, 16000)
    assert len(window) == 16000
    assert window[0] == np.float32(samples[expected])


def test_a_short_wave_is_filled_with_silence_not_wrapped() -> None:
    window = audio.cut_window(np.full(100, 7, np.int16), 0.5, 1.0, 16000)
    assert window[:100].tolist() == [7] * 100
    assert not window[100:].any()


def test_masks_and_shifts_do_what_they_say() -> None:
    settings = AudioSettings(filters=40, normalise="none")
    spectrogram = torch.arange(40.0)[:, None].expand(40, 99).clone()[None]
    moved = audio.prepare_audio(spectrogram, [audio.AudioView(shift=3)], settings)[0, 0]
    assert moved[:, 0].tolist() == [0, 0, 0, 0, *range(1, 37)]
    view = audio.AudioView(mask_filters=(5, 2), mask_frames=(10, 4))
    masked = audio.prepare_audio(spectrogram, [view], settings)[0, 0]
    mean = float(spectrogram.mean())
    assert masked[5:7].eq(mean).all()
    assert masked[:, 10:14].eq(mean).all()
    kept = torch.ones(40, 99, dtype=torch.bool)
    kept[5:7], kept[:, 10:14] = False, False
    assert torch.equal(masked[kept], spectrogram[0][kept])


def test_random_audio_views_stay_within_their_bounds() -> None:
    settings = AudioSettings(filters=40, shift=3, mask_filters=6, mask_frames=15, volume=0.1)
    random = np.random.default_rng(0)
    views = [audio.random_view(settings, random) for _ in range(500)]
    assert {v.shift for v in views} == set(range(-3, 4))
    assert all(v.mask_filters[0] + v.mask_filters[1] <= 40 for v in views)
    assert all(v.mask_frames[0] + v.mask_frames[1] <= 99 for v in views)
    assert {v.mask_frames[1] for v in views} == set(range(16))
    assert all(0.9 <= v.volume <= 1.1 for v in views)


@pytest.mark.parametrize(("height", "width"), [(128, 170), (170, 128), (128, 128)])
def test_evaluation_takes_the_centre(height: int, width: int) -> None:
    frames = torch.randint(0, 256, (30, 3, height, width), dtype=torch.uint8)
    view = video.centre_view(PAPER, frames=300, source_fps=30.0)
    assert view.start == (300 - 30) // 2
    clip = video.prepare_video(frames, view, PAPER)
    assert clip.shape == (3, 30, 112, 112)
    size = (112, int(112 / 128 * 170)) if width > height else (int(112 / 128 * height), 112)
    resized = F.interpolate(frames.float(), size=size, mode="bilinear", align_corners=False)
    top, left = (-(-(length - 112) // 2) for length in size)
    expected = (resized[..., top : top + 112, left : left + 112] / 255 - 0.45) / 0.225
    assert torch.allclose(clip, expected.transpose(0, 1), atol=1e-4)


def test_random_crops_reach_both_edges() -> None:
    settings = VideoSettings(
        frames=1, crop=8, scale_min=8, scale_max=8, grey=True, normalise="fixed"
    )
    ramp = torch.arange(10, dtype=torch.uint8).expand(1, 1, 8, 10)  # room for three offsets
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        view = video.random_view(settings, 30, 30.0, random)
        clip = video.prepare_video(ramp, view, settings)
        edge = clip[0, 0, 0, :].min()
        seen.add(round(float((edge * 0.225 + 0.45) * 255)))
    assert seen == {0, 1, 2}


def test_frames_are_spread_evenly_and_clamped() -> None:
    view = video.VideoView(start=10, short_side=112, crop_at=None)
    assert video.frame_numbers(view, PAPER, 300, 30.0).tolist() == list(range(10, 40))
    demo = VideoSettings(frames=8, fps=8.0)
    assert video.frame_numbers(view, demo, 32, 16.0).tolist() == [10, 12, 14, 16, 18, 20, 22, 25]
    late = video.VideoView(start=290, short_side=112, crop_at=None)
    assert video.frame_numbers(late, PAPER, 300, 30.0).max() == 299


def test_training_views_cover_their_ranges() -> None:
    random = np.random.default_rng(0)
    views = [video.random_view(PAPER, 90, 30.0, random) for _ in range(2000)]
    assert {v.short_side for v in views} == set(range(128, 161))
    assert (min(v.start for v in views), max(v.start for v in views)) == (0, 59)
    assert 0.45 < np.mean([v.flip for v in views]) < 0.55


def test_a_flip_mirrors_and_grey_keeps_one_channel() -> None:
    settings = VideoSettings(crop=8, scale_min=8, scale_max=8, grey=True, normalise="clip")
    frames = torch.randint(0, 256, (30, 1, 8, 8), dtype=torch.uint8)
    view = video.VideoView(0, 8)
    plain = video.prepare_video(frames, view, settings)
    mirrored = video.prepare_video(frames, video.VideoView(0, 8, flip=True), settings)
    assert torch.equal(mirrored, plain.flip(-1))
    assert float(plain.mean()) == pytest.approx(0, abs=1e-5)
    assert float(plain.std(correction=0)) == pytest.approx(1, abs=1e-4)
