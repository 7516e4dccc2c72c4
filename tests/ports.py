"""Ports for process groups of tests that run side by side."""

import os
import socket
from random import SystemRandom

# Below those that the kernel gives to outgoing connections: between the search for a free port and
# its use nothing else takes it. Each worker of pytest-xdist has every fourth.
RANGE = range(18_000, 32_000, 4)
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % RANGE.step


def free_port() -> int:
    """A TCP port that is free now, and that no other worker takes."""
    while True:
        port = SystemRandom().choice(RANGE) + WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
