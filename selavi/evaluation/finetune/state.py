"""The resumable state of a finetuning: one file, whole or not at all."""

import hashlib
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd
import torch

from selavi.data.index import contents
from selavi.distributed import Group
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.files import atomic_path
from selavi.settings import FinetuneSettings

log = logging.getLogger(__name__)

OTHERS = {"workers", "threads", "checkpoint_minutes", "runs", "datasets", "epochs"}
"""Settings that a state may go on with when they change; `epochs` makes it longer."""


@dataclass
class Progress:
    """Where it is: the next step, how many of the epoch are done, and a row per finished epoch."""

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    bfloat16: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


def fingerprint(settings: FinetuneSettings, model: Path, tables: list[pd.DataFrame]) -> str:
    """Identifies the result that a state leads to: settings, first weights, and videos."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=OTHERS).encode())
    with model.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    for table in tables:
        digest.update(contents(table).to_csv(index=False).encode())
    return digest.hexdigest()


def save(
    path: Path, model: Recogniser, optimizer: torch.optim.Optimizer, progress: Progress, mark: str,
    group: Group,
) -> None:  # fmt: skip
    """Save from the first process; all have the same weights."""
    if group.first:
        content = {
            "fingerprint": mark,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "progress": asdict(progress),
        }
        with atomic_path(path) as temporary:
            torch.save(content, temporary)
    group.barrier()


def load(
    path: Path, model: Recogniser, optimizer: torch.optim.Optimizer, mark: str
) -> Progress | None:
    """Fill model and optimiser from a state with this fingerprint; None if there is none."""
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for files that are damaged
        log.warning("%s cannot be read (%s): starting afresh", path, error)
        return None
    if content["fingerprint"] != mark:
        log.warning("settings, model or videos have changed: starting afresh")
        return None
    model.load_state_dict(content["model"])
    optimizer.load_state_dict(content["optimizer"])
    return Progress(**content["progress"])
