"""What the C library does with freed memory."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # of glibc's mallopt
LARGEST_KEPT, NEVER = 2**25, 2**31 - 1  # bytes; the first is the most that glibc accepts


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step, in place of returning it to the kernel.

    Memory that comes from the kernel is cleared page by page: 10,000 page faults in each step of
    the demo, and a third of its loader's time. Processes forked later do the same. C libraries
    other than glibc are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(ARENA_MAX, 1)  # the others return memory whatever the thresholds
        mallopt(MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(TRIM_THRESHOLD, NEVER)
