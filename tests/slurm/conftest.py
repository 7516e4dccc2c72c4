"""A Slurm cluster of two nodes, started once for these tests and stopped after."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.slurm.checkout import Checkout
from tests.slurm.cluster import LOCK, Cluster, end_leftovers, wait_for, why_not


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    reason = why_not()
    if reason:
        pytest.skip(f"no Slurm can be started here: {reason}")
    running = Cluster(tmp_path_factory.mktemp("slurm"))
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of another checkout may have this machine's Slurm
        end_leftovers()
        try:
            running.up()
            yield running
        finally:
            running.down()


@pytest.fixture(scope="session")
def checkout(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The whole workflow run on the cluster: run `calm`, which nothing befalls.

    On the way the process of one shard was killed, and finetuning was told to stop.
    """
    checkout = Checkout(tmp_path_factory.mktemp("whole"))
    controller = checkout.start(*checkout.command([], gpus=1))
    with checkout.ending(controller):
        # SIGKILL, as the kernel does it when memory runs out.
        pattern = r"^[^ ]*python -m selavi shard .*--shard 00002 --tar results/shards/demo/train"
        wait_for(lambda: bool(checkout.processes(pattern)), 300, "a shard's process")
        for pid in checkout.processes(pattern):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        state = checkout.folder / "results/finetune/calm/demo/0.state"
        wait_for(lambda: any(state.glob("step-*")), 300, "a checkpoint of fine-tuning")
        subprocess.run(["scancel", "--signal=USR1", checkout.job("finetune")], check=True)
    return checkout
