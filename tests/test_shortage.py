"""Which errors mean that memory, files or the disk ran out."""

import os
import resource

import pytest
import torch

from selavi.shortage import shortage


def test_what_ran_out() -> None:
    with pytest.raises(RuntimeError) as too_large:
        torch.empty(10**15)
    assert shortage(too_large.value).startswith("memory ran out")
    assert shortage(MemoryError()).startswith("memory ran out")
    assert "batch_size" in shortage(torch.OutOfMemoryError("CUDA out of memory. Tried ..."))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 8, hard))
    try:
        with pytest.raises(OSError) as too_many:
            for _ in range(1000):
                opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in opened:
            os.close(number)
    assert "`ulimit -n" in shortage(too_many.value)
    assert shortage(OSError(28, "No space left on device", "/data/x")) == ""
    assert shortage(ValueError("another thing")) == ""
