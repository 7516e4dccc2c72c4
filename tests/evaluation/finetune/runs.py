"""Fine-tuning runs of the tests: settings, commands and what they leave."""

from pathlib import Path
from typing import Any

import torch

from selavi.config_file import write_section
from selavi.settings import FinetuneSettings
from selavi.tensor_files import read_tensors
from tests.training.runs import fork, wait
from tests.training.runs import words as screen

SMALL: dict[str, Any] = {
    "epochs": 3, "frames": 6, "clips": 2, "crop": 32, "scale_min": 32, "scale_max": 40,
    "batch_size": 4, "head_lr": 0.01, "base_lr": 0.005,
    "machine": {"workers": 0, "checkpoint_minutes": 0.0, "precision": "float32"},
}  # fmt: skip


def command(
    model: Path, indexes: tuple[Path, Path], output: Path, *launcher: str, **changes: Any
) -> list[str]:
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = output.with_name("settings.yaml")
    write_section(settings, FinetuneSettings.model_validate(SMALL | changes))
    return [
        *launcher, "finetune", "--settings", str(settings), "--model", str(model),
        "--train", str(indexes[0]), "--test", str(indexes[1]), "--output", str(output),
    ]  # fmt: skip


def run_alone(words: list[str], output: Path) -> None:
    """Without a launcher, to a good end."""
    assert wait([fork(words, output.parent)]) == [0], screen(output.parent)


def weights(output: Path) -> dict[str, torch.Tensor]:
    """Of the newest checkpoint."""
    newest = max(output.with_suffix(".state").glob("step-*"))
    content: dict[str, Any] = read_tensors(newest / "shared.pt")["content"]
    found: dict[str, torch.Tensor] = content["model"]
    return found
