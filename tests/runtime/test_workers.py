"""Worker processes: the forked ones of loaders and those of a pool."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from seco.runtime.parallel import process_map
from seco.runtime.workers import lost_worker_error
from tests.processes import ENVIRONMENT, is_alive, wait_until

POOL = """
import os, sys
from seco.runtime.parallel import process_map
from tests.runtime.test_workers import own_pid
for pid in process_map(own_pid, range(100), workers=2):
    print(pid, flush=True)
    sys.stdin.read()
"""


def own_pid(_item: int) -> int:
    return os.getpid()


def signals_and_group(_item: int) -> tuple[bool, bool]:
    ignored = {number for number in signal.Signals if signal.getsignal(number) == signal.SIG_IGN}
    return {signal.SIGINT, signal.SIGUSR1} <= ignored and signal.SIGTERM not in ignored, os.getpgid(0) == os.getpid()


def test_the_workers_of_a_pool_ignore_stop_signals() -> None:
    assert list(process_map(signals_and_group, range(2), workers=2)) == [(True, True)] * 2


def test_the_workers_of_a_pool_end_when_the_main_process_is_killed() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", POOL], env=ENVIRONMENT, text=True, **pipes) as main:
        assert main.stdout is not None
        worker = psutil.Process(int(main.stdout.readline()))
        assert worker.pid != main.pid
        main.kill()
    wait_until(lambda: not is_alive(worker), within=60)


@pytest.mark.parametrize("reason", ["(pid 71) is killed by signal: Killed", "(pid(s) 71, 72) exited unexpectedly"])
def test_a_lost_worker_is_a_sentence(reason: str) -> None:
    sentence = str(lost_worker_error(RuntimeError(f"DataLoader worker {reason}. "), remedy="lower train.num_workers"))
    assert sentence.startswith(f"a process that loads images was killed (DataLoader worker {reason})")
    assert sentence.endswith("is the machine short of memory? Then lower train.num_workers")


def test_another_error_is_none() -> None:
    assert lost_worker_error(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), remedy="") is None
