"""Processes that are signalled, or lose their parents, while their main thread cannot react."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.processes import ENVIRONMENT, wait_until

VARIABLES = ("DVC_STAGE", "TORCHELASTIC_RUN_ID")
CLEAN = {name: value for name, value in ENVIRONMENT.items() if name not in VARIABLES}

START = """
import os, hashlib, sys, time
from seco.runtime import watcher
from seco.runtime.signals import Stopped, deferred, listen
def main(work):
    try:
        with listen(), deferred() as is_requested:
            print(os.getpid(), flush=True)
            work(is_requested)
    except Stopped as stopped:
        print("saved", stopped.status, flush=True)
        sys.exit(stopped.status)
"""
# Steps of 10 ms, and one of a second after the request.
STEPS = """
def work(is_requested):
    while not is_requested():
        time.sleep(0.01)
    print("last step", flush=True)
    time.sleep(LAST)
main(work)
"""
QUICK, ENDLESS = f"LAST = 1{STEPS}", f"LAST = 3600{STEPS}"
STUCK = """
main(lambda _: hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1))  # an hour in C, without the interpreter's lock
"""
PARENT = "import subprocess, sys; subprocess.call(sys.argv[1:])"
Running = tuple[subprocess.Popen[str], int]


@contextmanager
def running(*command: str, cwd: Path | None = None, **environment: str) -> Iterator[Running]:
    """Yield a program and the process that listens: the program or one that it has started."""
    with subprocess.Popen(command, cwd=cwd, env=CLEAN | environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listener = int(process.stdout.readline())
        try:
            yield process, listener
        except BaseException:
            process.kill()
            with suppress(ProcessLookupError):
                os.kill(listener, signal.SIGKILL)
            raise


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", START + code


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    output = process.communicate(timeout=60)[0]
    return process.returncode, output


def kill_parent(process: subprocess.Popen[str]) -> str:
    """Kill a process whose child listens; return what the child prints until it ends."""
    process.kill()
    return end_of(process)[1]


@pytest.mark.parametrize("code", [STUCK, ENDLESS], ids=["stuck in C", "in a long step"])
def test_a_second_signal_ends_the_process_at_once(code: str) -> None:
    with running(*python(code)) as (process, pid):
        os.kill(pid, signal.SIGTERM)

        def ends_on_signal() -> bool:
            os.kill(pid, signal.SIGINT)
            return process.poll() is not None

        wait_until(ends_on_signal, within=20)
        assert process.returncode == 130
        assert "saved" not in end_of(process)[1]


def test_signals_in_quick_succession_are_one_request() -> None:
    with running(*python(QUICK)) as (process, pid):
        for _ in range(3):  # as `timeout` sends them: to the command, and to its group
            os.kill(pid, signal.SIGTERM)
        assert end_of(process) == (143, "last step\nsaved 143\n")


def test_a_rank_that_is_stuck_ends_when_its_time_is_up() -> None:
    with running(*python(f"watcher.GRACE = 1.0{STUCK}"), TORCHELASTIC_RUN_ID="run") as (process, pid):
        os.kill(pid, signal.SIGTERM)
        assert end_of(process) == (143, "")


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_death_of_dvc_or_torchrun_ends_what_they_started(variable: str) -> None:
    parent = f"import os; os.environ[{variable!r}] = 'x'; {PARENT}"
    with running(sys.executable, "-c", parent, *python(QUICK)) as (process, _):
        assert kill_parent(process) == "last step\nsaved 143\n"


def test_dvc_is_found_behind_the_shell_that_it_starts(tmp_path: Path) -> None:
    """Debian's sh waits for its last command and would hide DVC's death (bash is replaced by the command)."""
    (tmp_path / "train.py").write_text(START + QUICK)
    (tmp_path / "dvc.yaml").write_text(f"stages: {{train: {{cmd: {sys.executable} train.py}}}}")
    dvc = (sys.executable, "-m", "dvc")
    quiet = {"DVC_NO_ANALYTICS": "1", "SHELL": "/bin/sh"}
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=tmp_path, env=CLEAN | quiet, check=True)
    with running(*dvc, "repro", "--quiet", cwd=tmp_path, **quiet) as (process, _):
        assert kill_parent(process) == "last step\nsaved 143\n"


@pytest.mark.parametrize("above", ["a command", "DVC"])
def test_the_death_of_a_shell_ends_nothing(tmp_path: Path, above: str) -> None:
    code = f"import os; os.environ['DVC_STAGE'] = 'train'; {PARENT}" if above == "DVC" else PARENT
    (tmp_path / "parent.py").write_text(code)
    (tmp_path / "train.py").write_text(START + QUICK)
    shell = f"{sys.executable} {tmp_path / 'parent.py'} {sys.executable} {tmp_path / 'train.py'}; exit $?"
    with running("/bin/sh", "-c", shell) as (process, pid):
        process.kill()
        process.wait()
        with pytest.raises(subprocess.TimeoutExpired):  # the watcher looks every second
            process.communicate(timeout=2.5)
        os.kill(pid, signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == "last step\nsaved 143\n"
