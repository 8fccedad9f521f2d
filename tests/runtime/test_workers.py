"""Worker processes, the forked ones of loaders and those of a pool."""

import os
import signal
import subprocess
import sys
import time

import pytest

from seco.runtime.parallel import process_map
from seco.runtime.workers import lost_worker_error
from tests.imports import ROOT

POOL = """
import os, time
from seco.runtime.parallel import process_map
from tests.runtime.test_workers import name_oneself
for pid in process_map(name_oneself, range(100), workers=2):
    print(pid, flush=True)
    time.sleep(60)
"""


def name_oneself(_item: int) -> int:
    time.sleep(0.2)  # leaves an item for the other worker too
    return os.getpid()


def how_signals_are_met(_item: int) -> tuple[bool, bool]:
    ignored = {number for number in signal.Signals if signal.getsignal(number) == signal.SIG_IGN}
    return {signal.SIGINT, signal.SIGUSR1} <= ignored and signal.SIGTERM not in ignored, os.getpgid(0) == os.getpid()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_workers_of_a_pool_leave_stopping_to_the_main_process() -> None:
    assert list(process_map(how_signals_are_met, range(2), workers=2)) == [(True, True)] * 2


def test_the_workers_of_a_pool_end_with_a_main_process_that_is_killed() -> None:
    command = [sys.executable, "-c", POOL]
    with subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as main:
        assert main.stdout is not None
        worker = int(main.stdout.readline())
        assert worker != main.pid
        assert is_running(worker)
        main.kill()
    patience = time.monotonic() + 60
    while is_running(worker):
        assert time.monotonic() < patience
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("DataLoader worker (pid 71) is killed by signal: Killed. ", "(pid 71) is killed by signal: Killed)"),
        ("DataLoader worker (pid(s) 71, 72) exited unexpectedly", "(pid(s) 71, 72) exited unexpectedly)"),
    ],
)
def test_torchs_words_on_a_lost_loader_become_a_sentence(words: str, told: str) -> None:
    sentence = str(lost_worker_error(RuntimeError(words)))
    assert sentence.startswith("a process that loads images was killed (DataLoader worker ")
    assert told in sentence
    assert sentence.endswith("is the machine short of memory? Lower train.num_workers")


def test_other_errors_are_left_alone() -> None:
    assert lost_worker_error(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None
