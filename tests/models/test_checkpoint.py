"""Model files that are damaged or lack something: refused by name, before memory is asked for."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from selavi.files import UserError
from selavi.models.checkpoint import build_network, load_model, save_model
from selavi.reporting.distributions import distributions
from selavi.settings import RunSettings
from selavi.tensor_files import read_tensors, save_tensors

Run = Callable[..., RunSettings]
LAST = "heads.video.0.5.weight"


@pytest.fixture
def path(tiny_run: Run, tmp_path: Path) -> Path:
    settings = tiny_run()
    save_model(tmp_path / "model.pt", build_network(settings), settings, {"head": 1})
    return tmp_path / "model.pt"


@pytest.mark.parametrize("length", [1, 4096])
def test_damage_is_refused_with_the_remedy(path: Path, length: int) -> None:
    """Zeros in the middle, where weights are: they are finite, and were taken for content."""
    content = path.read_bytes()
    middle = next(n for n in range(len(content) // 2, len(content)) if content[n])
    path.write_bytes(content[:middle] + bytes(length) + content[middle + length :])
    with pytest.raises(
        UserError, match=r"model\.pt is damaged \(.*data/\d+ differs from what was"
    ) as e:
        load_model(path)
    assert "copy it again, or remove it and run pretrain again" in str(e.value)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no weights": (lambda c: c.pop("weights"), "no weights"),
    "no settings": (lambda c: c.pop("settings"), "no settings"),
    "no facts": (lambda c: c.pop("facts"), "no facts"),
    "a list": (lambda c: c.update(weights=[1]), "no weights"),
    "no head": (lambda c: c["facts"].pop("head"), "selects head None, but has 2"),
    "head beyond": (lambda c: c["facts"].update(head=2), "selects head 2, but has 2"),
    "head below": (lambda c: c["facts"].update(head=-1), "selects head -1"),
    "head in words": (lambda c: c["facts"].update(head="0"), "selects head '0'"),
    "a weight less": (lambda c: c["weights"].pop(LAST), "1 weights .*0.5.weight.* missing"),
    "a weight more": (lambda c: c["weights"].update(x=torch.ones(1)), r"1 weights \(x\) unknown"),
    "a shape": (lambda c: c["weights"].update({LAST: torch.ones(3, 9)}), "the shape or kind of"),
    "text": (lambda c: c["weights"].update({LAST: "words"}), "the shape or kind of"),
    "whole numbers": (
        lambda c: c["weights"].update({LAST: c["weights"][LAST].long()}), "the shape or kind of",
    ),
    "sparse": (
        lambda c: c["weights"].update({LAST: c["weights"][LAST].to_sparse()}),
        "the shape or kind of",
    ),
    "repeated": (
        lambda c: c["weights"].update({LAST: torch.ones(1).expand(4, 16)}), "the shape or kind of",
    ),
    "settings unlike": (lambda c: c["settings"]["network"].update(heads=3), "missing"),
    "many clusters": (
        lambda c: c["settings"]["network"].update(clusters=900_000_000), "clusters|the shape",
    ),
    "many heads": (lambda c: c["settings"]["network"].update(heads=900), "missing"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_other_content_is_named(path: Path, change: str) -> None:
    content = read_tensors(path)
    CHANGES[change][0](content)
    save_tensors(path, content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=CHANGES[change][1]) as error:
        load_model(path)
    assert str(path) in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize(
    "sizes", [[[0.5] * 4, [1.0]], [0.5], "words", None, [[float("nan")] * 4] * 2]
)
def test_sizes_of_no_sense_are_named(path: Path, sizes: object) -> None:
    content = read_tensors(path)
    content["facts"]["sizes"] = sizes
    save_tensors(path, content)
    out = path.with_name("out")
    with pytest.raises(UserError, match=r"the sizes in .*model\.pt are not 2 x 4 shares"):
        distributions(path, out, out, out)


RELEASED: dict[str, dict[str, Any]] = {
    "many clusters": {"mlp_v.weight": torch.ones(1).expand(900_000_000, 512)},
    "one axis": {"mlp_v.weight": torch.ones(4), "mlp_v.bias": torch.ones(4)},
    "no axis": {"mlp_v.weight": torch.tensor(1.0)},
    "one cluster": {"mlp_v.weight": torch.ones(1, 512)},
    "many": {f"mlp_v{n}.weight": torch.ones(2, 1) for n in range(50)},
    "classifier": {"fc.weight": torch.ones(1, 512)},
}


@pytest.mark.parametrize("weights", RELEASED)
def test_a_released_one_of_no_sense_is_named(tmp_path: Path, weights: str) -> None:
    path = tmp_path / "released.pt"
    torch.save({"model": RELEASED[weights]}, path)
    with pytest.raises(UserError, match=r"released\.pt is not a checkpoint of the paper's authors"):
        load_model(path)


def test_a_model_gone_bad_is_named(tiny_run: Callable[..., RunSettings], tmp_path: Path) -> None:
    settings = tiny_run()
    network = build_network(settings)
    next(network.parameters()).data[0] = torch.nan
    save_model(tmp_path / "model.pt", network, settings, {"head": 0})
    with pytest.raises(UserError, match=r"model\.pt: .* holds NaN or infinity"):
        load_model(tmp_path / "model.pt")
