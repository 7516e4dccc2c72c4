"""Which arithmetic a machine gets."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.models.network import Network
from selavi.models.precision import (
    bfloat16_is_accurate,
    choose_bfloat16,
    expects_bfloat16,
    has_bfloat16,
)
from selavi.models.sync_batchnorm import synchronise
from selavi.settings import NetworkSettings
from tests.ports import free_port

CPU = torch.device("cpu")
ALONE = Group(0, 1, CPU)


def network_and_batch() -> tuple[Network, Batch]:
    torch.manual_seed(0)
    settings = NetworkSettings(audio_encoder="resnet_narrow", clusters=4, heads=1, hidden=8)
    network = Network(settings, ["audio"], channels=1)
    return network, Batch(torch.arange(8), None, torch.randn(8, 1, 40, 50))


def test_without_hardware_auto_is_float32() -> None:
    """PyTorch is told to use AVX2 alone, as on a CPU that has no more."""
    program = (
        "from selavi.models.precision import *; cpu = torch.device('cpu'); print(has_bfloat16(cpu),"
        " expects_bfloat16('auto', cpu), expects_bfloat16('bfloat16', cpu));"
        "import logging; logging.basicConfig(level='INFO', format='%(message)s');"
        "from tests.models.test_precision import *;"
        "print(choose_bfloat16(*network_and_batch(), 'auto', ALONE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"ATEN_CPU_CAPABILITY": "avx2"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False", "True", "False"]
    assert "precision: float32, since this CPU has no bfloat16 instructions" in done.stderr


def test_with_hardware_auto_times_a_step_each_way(caplog: pytest.LogCaptureFixture) -> None:
    network, batch = network_and_batch()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    with caplog.at_level(logging.INFO):
        chosen = choose_bfloat16(network, batch, "auto", ALONE)
    # The timing is kept: another run of this machine chooses the same.
    assert all(choose_bfloat16(network, batch, "auto", ALONE) == chosen for _ in range(5))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    word = "bfloat16" if chosen else "float32"
    assert f"precision: {word}, since" in caplog.text
    assert ("of float32's time" in caplog.text) == has_bfloat16(CPU)
    assert not (chosen and not has_bfloat16(CPU))


def test_what_is_asked_for_is_done() -> None:
    network, batch = network_and_batch()
    assert not choose_bfloat16(network, batch, "float32", ALONE)
    assert choose_bfloat16(network, batch, "bfloat16", ALONE)
    assert not expects_bfloat16("float32", CPU)


def test_an_encoder_that_is_frozen_can_be_tried() -> None:
    network, batch = network_and_batch()
    network.requires_grad_(False)
    assert choose_bfloat16(network, batch, "bfloat16", ALONE)
    choose_bfloat16(network, batch, "auto", ALONE)
    assert not any(p.requires_grad for p in network.parameters())


def _choose_apart(rank: int, port: int, path: Path) -> None:
    """One of two ranks, of which the second takes its CPU for one without bfloat16."""
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    network, batch = network_and_batch()
    synchronise(network, CPU)
    found = [choose_bfloat16(network, batch, p, Group(rank, 2, CPU)) for p in ("auto", "bfloat16")]
    (path / str(rank)).write_text(repr(found))
    dist.destroy_process_group()


@pytest.mark.slow
def test_ranks_choose_the_same(tmp_path: Path) -> None:
    """With hardware that differs, as between the nodes of a cluster."""
    port = free_port()
    program = (
        "import sys; from pathlib import Path; import tests.models.test_precision as here;"
        "here._choose_apart(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))"
    )
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(rank), str(port), str(tmp_path)],
            env=os.environ | ({"ATEN_CPU_CAPABILITY": "avx2"} if rank else {}),
        )
        for rank in range(2)
    ]
    assert [rank.wait(120) for rank in ranks] == [0, 0]
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["[False, True]"] * 2


def test_rounding_that_grows_in_a_deep_network_is_no_fault() -> None:
    """R(2+1)D-18 on a few frames: its gradients in training mode differ by far, and train well."""
    torch.manual_seed(0)
    network = Network(NetworkSettings(clusters=4, heads=1, hidden=8), ["video"], channels=1)
    batch = Batch(torch.arange(4), torch.randn(4, 1, 4, 32, 32), None)
    assert bfloat16_is_accurate(network, batch)
