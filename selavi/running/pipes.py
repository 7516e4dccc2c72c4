"""Read lines of text and of JSON from pipes."""

import json
import os
import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Lines:
    """Reads lines from several pipes, and calls the pipe's reader for each."""

    def __init__(self, readers: dict[int, Callable[[str], None]]) -> None:
        self.readers = readers
        self.rests = dict.fromkeys(readers, b"")
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> "Lines":
        for descriptor in self.readers:
            os.set_blocking(descriptor, False)
            self.selector.register(descriptor, selectors.EVENT_READ)
        return self

    def __exit__(self, *error: object) -> None:
        self.selector.close()
        for descriptor in self.readers:
            os.close(descriptor)
        if error == (None, None, None):
            for descriptor, rest in self.rests.items():
                if rest:
                    self.readers[descriptor](rest.decode(errors="replace"))

    def read(self, seconds: float) -> None:
        """Wait for output up to some seconds, and read all there is."""
        while ready := self.selector.select(seconds):
            seconds = 0.0
            for key, _ in ready:
                descriptor = key.fd
                more = os.read(descriptor, 1 << 16)
                if not more:
                    self.selector.unregister(descriptor)
                *lines, self.rests[descriptor] = (self.rests[descriptor] + more).split(b"\n")
                for line in lines:
                    self.readers[descriptor](line.decode(errors="replace"))


def parse_facts(line: str, *keys: str) -> dict[str, Any]:
    """Parse a line of JSON; {} if it is incomplete or lacks one of the keys."""
    with suppress(ValueError):
        facts = json.loads(line)
        if isinstance(facts, dict) and facts.keys() >= set(keys):
            return facts
    return {}
