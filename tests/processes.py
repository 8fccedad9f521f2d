"""Start programs in processes of their own, wait for what they do, and signal them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from tests.imports import ROOT

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
SECO = (sys.executable, "-m", "pipeline")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "pipeline")
PATIENCE = 180.0  # seconds for a start or an end on a busy machine
Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], *, within: float = PATIENCE, failure: Callable[[], str | None] = lambda: None
) -> Found:
    """Return the first true value of a condition; fail when time runs out or `failure` returns a message."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert (message := failure()) is None, message
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.01)
    return found


class Program:
    """A program in a session of its own; both of its streams go to a file."""

    def __init__(self, words: Sequence[str], *, cwd: Path, log: Path) -> None:
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                words, cwd=cwd, env=ENVIRONMENT, stdout=file, stderr=file, start_new_session=True
            )
        self._log = log

    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, condition: Callable[[], Found]) -> Found:
        """Return the first true value of a condition; fail when the program ends first."""
        return wait_until(condition, failure=lambda: None if self.process.poll() is None else self.output())

    def signal(self, number: int) -> None:
        """Signal the process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that it started, and theirs."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill the program and all processes that it started, as a machine that fails does."""
        for process in [*self.workers(), *session(self.process.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def end(self, *, within: float = PATIENCE) -> int:
        """Wait until the program and its session have ended; return the exit status."""
        status = self.process.wait(within)
        wait_until(lambda: not session(self.process.pid), within=within)
        assert "Traceback" not in self.output()
        return status


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def session(leader: int) -> list[psutil.Process]:
    """Return the living processes of a session."""

    def belongs(process: psutil.Process) -> bool:
        with suppress(ProcessLookupError):
            return os.getsid(process.pid) == leader and is_alive(process)
        return False

    return list(filter(belongs, psutil.process_iter()))
