"""Keep memory that is freed, instead of giving it back to the system and taking it again at every step."""

import ctypes
from contextlib import suppress

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT = 32 * 2**20  # bytes of a block; glibc takes no larger value
_MOST_KEPT = 2**30  # bytes at the end of the heap


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees: blocks of up to 32 MiB, and up to 1 GiB in all.

    glibc gives a large block back to the system as soon as it is freed. A training step on a CPU frees and takes the
    same blocks hundreds of times, and each time the system fills every page with zeros first. Larger blocks still go
    back, so that the peak stays the same. Processes that are forked later do so too. On systems without glibc nothing
    changes.
    """
    with suppress(AttributeError, OSError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        allocator.mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
