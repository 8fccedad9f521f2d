"""What a command used is counted with its children, also with those that it does not wait for."""

import sys

import pytest
import typer

from benchmarks.stages import measured

WORK = "import time\nwhile time.process_time() < 0.6: pass"
CHILD = f"{WORK}\nprint(flush=True)\ntime.sleep(60)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE)
child.stdout.readline()  # its work is done
time.sleep(0.5)
child.kill()
"""


def test_processes_are_counted_with_their_children() -> None:
    alone = measured(sys.executable, "-c", WORK)
    assert 0.4 < alone.core_seconds < alone.seconds + 0.1
    family = measured(sys.executable, "-c", PARENT)
    assert family.core_seconds > 0.5
    assert family.peak > 1.5 * alone.peak


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(typer.BadParameter, match="no such stage"):
        measured(sys.executable, "-c", "import sys; sys.exit('first\\nno such stage')")
