"""Model files of safetensors: the same network, and damage is seen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from selavi.batch import Batch
from selavi.files import UserError
from selavi.models.checkpoint import build_network, load_model, model_content
from selavi.models.safetensors_file import write_safetensors
from selavi.settings import RunSettings

Run = Callable[..., RunSettings]


@pytest.fixture
def written(tiny_run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    content = model_content(build_network(tiny_run()), tiny_run(), {"head": 1, "sizes": [[0.5]]})
    write_safetensors(path, content)
    return path


@torch.no_grad()
def test_it_is_read_back_as_it_was(tiny_run: Run, tmp_path: Path) -> None:
    network, settings = build_network(tiny_run()).eval(), tiny_run()
    write_safetensors(tmp_path / "m.safetensors", model_content(network, settings, {"head": 1}))
    again, read, facts = load_model(tmp_path / "m.safetensors")
    assert (read, facts) == (settings, {"head": 1})
    clips = Batch(torch.arange(2), torch.randn(2, 1, 6, 32, 32), torch.randn(2, 1, 40, 99))
    for one, other in zip(network(clips), again(clips), strict=True):
        for modality in one:
            torch.testing.assert_close(one[modality], other[modality], rtol=0, atol=1e-5)


def test_other_programs_read_the_weights(written: Path) -> None:
    network = load_model(written)[0].state_dict()
    others = load_file(written)
    assert others.keys() == network.keys()
    assert all(torch.equal(others[name], network[name]) for name in others)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def of_another_program(path: Path) -> None:
    save_file({"x": torch.ones(3)}, path)


def without_json(path: Path) -> None:
    save_file({"x": torch.ones(3)}, path, {"sha256": "{"})


def deeply_nested(path: Path) -> None:
    save_file({"x": torch.ones(3)}, path, {"sha256": '""', "facts": "[" * 100_000})


def of_another_format(path: Path) -> None:
    write_safetensors(path, {"format": "other", "weights": {"x": torch.ones(1)}})


def without_settings(path: Path) -> None:
    write_safetensors(path, {"format": "selavi-model-1", "weights": {}, "facts": {}})


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flipped, "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "is not a file of safetensors"),
        (lambda path: path.write_bytes(b""), "is not a file of safetensors"),
        (lambda path: path.write_bytes(b"words" * 99), "is not a file of safetensors"),
        (of_another_program, "its format is not 'selavi-model-1'"),
        (without_json, "is damaged"),
        (deeply_nested, "is damaged"),
        (of_another_format, "its format is not 'selavi-model-1'"),
        (without_settings, "is incomplete: no settings"),
        (lambda path: path.unlink(), "does not exist"),
    ],
)  # fmt: skip
def test_damage_and_other_files_are_named(
    written: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(written)
    with pytest.raises(UserError, match=words) as error:
        load_model(written)
    assert str(written) in str(error.value)


def test_the_metadata_is_plain_json(written: Path) -> None:
    length = int.from_bytes(written.read_bytes()[:8], "little")
    header = json.loads(written.read_bytes()[8 : 8 + length])["__metadata__"]
    assert json.loads(header["facts"]) == {"head": 1, "sizes": [[0.5]]}
    assert json.loads(header["settings"])["dataset"] == "demo"
