"""The resumable state of a finetuning: one file, whole or not at all, and the one before it."""

import hashlib
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from selavi.data.index import contents
from selavi.engine.process_group import Group
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.files import UserError, atomic_path
from selavi.settings import FinetuneSettings
from selavi.tensor_files import Damaged, machine_at_fault, read_tensors, write_tensors

log = logging.getLogger(__name__)

OTHERS = {"machine", "runs", "datasets", "epochs"}
"""Settings that a state may go on with when they change; `epochs` makes it longer."""

PARTS = {"fingerprint", "model", "optimizer", "progress"}


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
    """Save from the first process, all have the same weights; the save before it is kept."""
    if group.first:
        content = {
            "fingerprint": mark,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "progress": asdict(progress),
        }
        with atomic_path(path) as temporary:
            write_tensors(temporary, content)
            if path.exists():
                path.replace(previous(path))
    group.barrier()


def previous(path: Path) -> Path:
    """Where the save before the newest is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def load(
    path: Path, model: Recogniser, optimizer: torch.optim.Optimizer, mark: str, group: Group
) -> Progress | None:
    """Fill model and optimiser from the newest whole state; None if there is none of this mark."""
    for file in (path, previous(path)):
        content, there = None, False
        problem = refused = ""
        try:
            with machine_at_fault(file):
                there = file.exists()
            content = _content(file) if there else None
        except Damaged as error:
            problem = str(error)
        except UserError as error:
            refused = str(error)
        if group.any(bool(refused)):  # it may be whole
            raise UserError(refused or f"{file} cannot be read; see another process's log")
        if group.any(content is None):
            if group.first and there:
                after = "going back to the one before" if file == path else "starting afresh"
                log.warning("%s: %s", problem or f"{file} is damaged for another process", after)
            continue
        assert content is not None
        if content["fingerprint"] != mark:
            log.warning("settings, model or videos have changed: starting afresh")
            return None
        try:
            model.load_state_dict(content["model"])
            optimizer.load_state_dict(content["optimizer"])
            return Progress(**content["progress"])
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            words = str(error).replace("\n", " ")
            raise UserError(f"{file} does not fit this run ({words}); remove it") from None
    return None


def _content(path: Path) -> dict[str, Any]:
    content = read_tensors(path)
    if not isinstance(content, dict) or not content.keys() >= PARTS:
        raise Damaged(f"{path} is no save of this version")
    return content
