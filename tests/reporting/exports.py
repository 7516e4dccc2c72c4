"""Models to export, and the command."""

from pathlib import Path
from typing import Any

import torch

from selavi.cli import main
from selavi.models.checkpoint import build_network, save_model
from selavi.models.network import Network
from selavi.settings import RunSettings
from tests.models.released import own_statistics

FACTS = {
    "version": "0.1.0", "head": 1, "agreement": [0.5, 0.6], "steps": 30, "clips": 24,
    "media": {"fps": 30.0, "audio_rate": 24000, "short_side": 160},
    "init": {"video": {"source": "torchvision:r2plus1d_18", "sha256": "0" * 64}},
}  # fmt: skip


def paper_run(**network: Any) -> RunSettings:
    sizes: dict[str, Any] = {"clusters": 5, "heads": 2, "hidden": 8}
    raw = {
        "dataset": "mine", "network": sizes | network, "audio": {"filters": 64},
        "labelling": {"groups": 1},
    }  # fmt: skip
    return RunSettings.model_validate(raw)


def saved(path: Path, settings: RunSettings, facts: dict[str, Any] = FACTS) -> Network:
    torch.manual_seed(0)
    network = build_network(settings)
    own_statistics(network)
    save_model(path, network, settings, facts)
    return network.eval()


def export(model: Path | str, output: Path, *options: str) -> int:
    return main(["export", str(model), "--output", str(output), "--format", *options])
