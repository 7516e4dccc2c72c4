"""Freed memory is kept for the next batch."""

import platform
import subprocess
import sys

import pytest

PAGE_FAULTS = """
import resource
import numpy as np
from selavi.allocator import keep_freed_memory
{call}
for step in range(25):
    if step == 5:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    parts = [np.full(2**18, n, np.float32) for n in range(6)]  # of 1 MiB
    np.concatenate(parts).sum()
    del parts
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_freed_memory_is_kept() -> None:
    faults = [
        int(subprocess.check_output([sys.executable, "-c", PAGE_FAULTS.format(call=call)]))
        for call in ("", "keep_freed_memory()")
    ]
    assert faults[1] < 0.1 * faults[0]
