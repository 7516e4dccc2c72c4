"""A Slurm cluster of two nodes, started once for these tests and stopped after."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.slurm.checkout import Checkout
from tests.slurm.cluster import Cluster, out, wait_for, why_not


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    reason = why_not()
    if reason:
        pytest.skip(f"no Slurm can be started here: {reason}")
    running = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        running.up()
        yield running
    finally:
        running.down()


@pytest.fixture(scope="session")
def finished(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The whole workflow run on the cluster; the process of one shard was killed on the way."""
    checkout = Checkout(tmp_path_factory.mktemp("whole"))
    controller = checkout.start(*checkout.command(["calm"], gpus=1))
    with checkout.ending(controller):
        # SIGKILL, as the kernel does it when memory runs out.
        pattern = r"^[^ ]*python -m selavi shard .*--shard 00002 --tar results/shards/demo/train"
        wait_for(lambda: bool(out("pgrep", "-f", pattern)), 300, "a shard's process")
        subprocess.run(["pkill", "-KILL", "-f", pattern], check=False)
    return checkout


@pytest.fixture(scope="session")
def checkout(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose shards are made (on this machine), and nothing trained."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    command = checkout.command(["calm"], "--", "index_all")
    command[command.index("slurm")] = "profiles/local"
    del command[command.index("--workflow-profile") : command.index("--configfile")]
    checkout.run(*command)
    return checkout
