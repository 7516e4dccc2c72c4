"""The example plug-ins, with tiny random networks of the published models' classes."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapFeatureExtractor,
    PeAudioConfig,
    PeAudioFeatureExtractor,
    PeAudioModel,
    VJEPA2Config,
    VJEPA2Model,
    VJEPA2VideoProcessor,
)

from selavi.embedding.clip import Clip
from selavi.embedding.embedder import load_embedder
from selavi.settings import EmbedderSettings

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[2] / "examples/embedders"


def clap(folder: Path) -> int:
    config = ClapAudioConfig(
        num_mel_bins=64, spec_size=256, patch_embeds_hidden_size=16, depths=[1, 1],
        num_attention_heads=[2, 2], hidden_size=32, projection_dim=24, patch_size=4,
    )  # fmt: skip
    ClapAudioModelWithProjection(config).save_pretrained(folder)
    ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(folder)
    return 24


def vjepa2(folder: Path) -> int:
    config = VJEPA2Config(
        patch_size=16, crop_size=32, frames_per_clip=4, tubelet_size=2, hidden_size=32,
        num_attention_heads=2, num_hidden_layers=1, pred_hidden_size=32, pred_num_hidden_layers=1,
        pred_num_attention_heads=2,
    )  # fmt: skip
    VJEPA2Model(config).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    VJEPA2VideoProcessor(size={"shortest_edge": 36}, crop_size=size).save_pretrained(folder)
    return 32


def pe_audio(folder: Path) -> int:
    text = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "vocab_size": 100, "pad_token_id": 0, "bos_token_id": 1,
            "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}  # fmt: skip
    encoder = {
        "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "head_dim": 16,
    }  # fmt: skip
    config = PeAudioConfig(text_config=text, audio_config=encoder)
    PeAudioModel(config).save_pretrained(folder)
    PeAudioFeatureExtractor().save_pretrained(folder)
    return 16


def clips_of(modality: str) -> list[Clip]:
    random = np.random.default_rng(0)
    frames = random.integers(256, size=(3, 4, 48, 64, 3)).astype(np.uint8)
    waveforms = random.normal(scale=0.1, size=(3, 48_000)).astype(np.float32)
    if modality == "video":
        return [Clip(f, 8.0, np.zeros(0, np.float32), 48_000) for f in frames]
    return [Clip(np.zeros((0, 0, 0, 3), np.uint8), 8.0, w, 48_000) for w in waveforms]


@pytest.mark.parametrize(
    ("factory", "make", "modality"),
    [
        ("clap:audio", clap, "audio"),
        ("vjepa2:video", vjepa2, "video"),
        ("pe_av:audio", pe_audio, "audio"),
    ],
)
def test_an_example_embeds_clips(
    factory: str,
    make: Callable[[Path], int],
    modality: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    width = make(tmp_path)
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    settings = EmbedderSettings.model_validate(
        {"factory": factory, "modality": modality, "options": {"model": str(tmp_path)}}
    )
    clips: Sequence[Clip] = clips_of(modality)
    embedder = load_embedder(settings)
    rows = embedder(clips)
    assert rows.shape == (3, width) and np.isfinite(rows).all()
    assert (rows.std(0) > 0).any()
    np.testing.assert_allclose(embedder(clips[1:2])[0], rows[1], rtol=1e-3, atol=1e-4)
