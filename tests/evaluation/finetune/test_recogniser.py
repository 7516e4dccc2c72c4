"""The classifier on the encoder, and its learning rates."""

from pathlib import Path

import pytest
import torch

from selavi.evaluation.finetune.recogniser import Recogniser, rate_factor
from selavi.models.checkpoint import load_model
from selavi.settings import FinetuneSettings


def test_the_rates_are_those_of_the_protocol() -> None:
    settings = FinetuneSettings()
    rates = [settings.head_lr * rate_factor(settings, epoch) for epoch in range(12)]
    assert rates == pytest.approx([0.0025, 0.01125, *[0.02] * 5, *[0.001] * 4, 0.00005])
    assert settings.base_lr * 10 == pytest.approx(settings.head_lr)


def test_the_classifier_starts_orthogonal(model: Path) -> None:
    weights = Recogniser(load_model(model)[0], 4, frozen=False, seed=1).classifier.weight
    assert torch.allclose(weights @ weights.T, torch.eye(4), atol=1e-5)
