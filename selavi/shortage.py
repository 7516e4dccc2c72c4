"""Errors of exhausted resources (memory, shared memory, open files) as sentences with a remedy."""

import errno
import os
import resource
import shutil
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def shortage(error: BaseException) -> str:
    """Which resource an error says is exhausted, and what to do; "" for any other error.

    Also looks at the message, as PyTorch raises the operating system's errors as plain text.
    """
    if _is_errno(error, errno.EMFILE, errno.ENFILE) or "items of ancdata" in str(error):
        return too_few_files()
    if "CUDA out of memory" in str(error):
        return (
            "the GPU's memory is full; use a smaller batch_size (in training with more "
            "accumulation, so that the effective batch stays the same)"
        )
    if isinstance(error, MemoryError) or _is_errno(error, errno.ENOMEM):
        return f"memory ran out ({error}); {MORE_MEMORY}"
    if isinstance(error, BrokenProcessPool):
        return killed("without a message")
    if _is_errno(error, errno.EAGAIN) and isinstance(error, OSError):
        return "no more processes can be started; use fewer workers, or raise `ulimit -u`"
    if _is_errno(error, errno.ENOSPC) and ("shared memory" in str(error) or _of_a_semaphore(error)):
        return full_shared_memory()
    return ""


MORE_MEMORY = (
    "use fewer workers or a smaller batch_size, or give the job more memory (resource mem_mb of "
    "the rule, or the container's limit)"
)


def killed(how: str) -> str:
    """Message for a worker process that was killed from outside; `how` is in brackets."""
    return f"a worker process was killed ({how}), most likely because memory ran out; {MORE_MEMORY}"


def full_shared_memory() -> str:
    """Message for a full /dev/shm."""
    usage = shutil.disk_usage(SHARED_MEMORY)
    return (
        f"{SHARED_MEMORY} is full ({usage.total / 1e6:,.0f} MB in all, {usage.free / 1e6:,.1f} MB "
        "free): loader processes pass their batches through it. Start the container with more "
        "(docker run --shm-size=8g), use a smaller batch_size or fewer workers, or set workers: 0"
    )


def too_few_files() -> str:
    """Message for too many open files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        f"too many open files: this process may have {limit}; raise the limit (`ulimit -n 4096` "
        "in the shell that starts the command), or use fewer workers"
    )


def _of_a_semaphore(error: BaseException) -> bool:
    """Whether an error names no file, and shared memory has less than a page left."""
    free = shutil.disk_usage(SHARED_MEMORY).free
    return getattr(error, "filename", None) is None and free < resource.getpagesize()


def _is_errno(error: BaseException, *numbers: int) -> bool:
    return any(
        getattr(error, "errno", None) == number or os.strerror(number) in str(error)
        for number in numbers
    )
