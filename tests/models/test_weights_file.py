"""Weight files of others that are damaged."""

import hashlib
from pathlib import Path

import pytest
import torch

from selavi.evaluation.baseline_features import supervised_features
from selavi.files import UserError


def test_the_digest_in_torchvisions_names_is_looked_at(tmp_path: Path) -> None:
    """Its file is older than checksums inside."""
    torch.save({}, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    digest = hashlib.sha256((tmp_path / "x.pth").read_bytes()).hexdigest()
    for name, words in ((digest[:8], "holds no weights"), ("0" * 8, "is damaged: its SHA-256")):
        path = (tmp_path / "x.pth").rename(tmp_path / f"r2plus1d_18-{name}.pth")
        with pytest.raises(UserError, match=words):
            supervised_features(path, torch.device("cpu"))
        path.rename(tmp_path / "x.pth")


def test_weights_of_others_are_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "r2plus1d_18.pth"
    torch.save({"x": torch.ones(100_000)}, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"r2plus1d_18\.pth is damaged .*; get the file again"):
        supervised_features(path, torch.device("cpu"))
