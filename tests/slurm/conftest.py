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
def checkout(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def finished(checkout: Checkout) -> str:
    """What the controller printed of the whole workflow for one run, undisturbed."""
    command = checkout.command(["calm"], gpus=1)
    process = checkout.start(*command)
    try:
        kill_first_shard(checkout)
        code = process.wait(480)
    finally:
        if process.poll() is None:
            process.terminate()
    words = (checkout.folder / "controller.log").read_text()
    assert code == 0, words
    return words


def kill_first_shard(checkout: Checkout) -> None:
    """SIGKILL the stage of one shard, as the kernel does when memory runs out."""
    pattern = r"^[^ ]*python -m selavi shard .*--shard 00002 --tar results/shards/demo/train"
    wait_for(lambda: bool(out("pgrep", "-f", pattern)), 240, "a shard's process")
    subprocess.run(["pkill", "-KILL", "-f", pattern], check=False)
