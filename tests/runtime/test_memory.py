"""Freed memory stays with the process: the system is not asked for the same pages again."""

import platform
import subprocess
import sys

import pytest

ROUNDS, BLOCKS, BLOCK = 10, 8, 16 * 2**20

COUNT = f"""
import resource, sys
import numpy as np
from seco.runtime.memory import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
take = lambda: [np.ones({BLOCK}, np.uint8) for _ in range({BLOCKS})]
take()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    take()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="nothing changes without glibc")
def test_blocks_that_were_freed_are_used_again_without_new_pages() -> None:
    """By default the system is asked for their pages in every round."""
    assert _page_faults("keep") < _page_faults("usual") / ROUNDS


def _page_faults(argument: str) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT, argument], check=True, capture_output=True, text=True)
    return int(done.stdout)
