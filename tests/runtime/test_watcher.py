"""Processes that are signalled, or lose their parents, while they cannot listen themselves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.imports import ROOT

MARKS = ("DVC_STAGE", "TORCHELASTIC_RUN_ID")
PLAIN = {name: value for name, value in os.environ.items() if name not in MARKS} | {"PYTHONPATH": str(ROOT)}

START = """
import os, hashlib, sys, time
from seco.runtime import watcher
from seco.runtime.signals import Stopped, deferred, listen
def main(work):
    try:
        with listen(), deferred() as asked:
            print(os.getpid(), flush=True)
            work(asked)
    except Stopped as stopped:
        print("saved", stopped.status, flush=True)
        sys.exit(stopped.status)
"""
STEPS = """
def work(asked):
    while not asked():
        time.sleep(0.01)
    time.sleep(1)
main(work)
"""
STUCK = """
main(lambda _: hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1))  # an hour in C, without the interpreter's lock
"""
PARENT = "import subprocess, sys; subprocess.call(sys.argv[1:])"


@contextmanager
def running(*command: str, cwd: Path | None = None, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield a command and the process that listens, which the command is or has started."""
    with subprocess.Popen(command, cwd=cwd, env=PLAIN | environment, stdout=subprocess.PIPE, text=True) as process:
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


def test_a_second_signal_ends_a_process_that_is_stuck_in_c() -> None:
    with running(*python(STUCK)) as (process, pid):
        os.kill(pid, signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):  # it works alone: what it does will end
            process.wait(2)
        os.kill(pid, signal.SIGINT)
        assert process.wait(10) == 130
        assert process.communicate()[0] == ""


def test_a_second_signal_does_not_wait_for_the_step() -> None:
    with running(*python(STEPS.replace("sleep(1)", "sleep(60)"))) as (process, pid):
        for _ in range(2):
            os.kill(pid, signal.SIGUSR1)
            time.sleep(0.7)
        assert process.wait(10) == 138


def test_two_signals_at_once_are_one_request() -> None:
    with running(*python(STEPS)) as (process, pid):
        for _ in range(3):  # as `timeout` sends them: to the command, and to the group of the command
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.02)
        assert process.communicate(timeout=60)[0] == "saved 143\n"
        assert process.returncode == 143


def test_one_of_many_ranks_does_not_wait_for_ever() -> None:
    code = "watcher.GRACE = 1.0" + STUCK
    with running(*python(code), TORCHELASTIC_RUN_ID="run") as (process, pid):
        os.kill(pid, signal.SIGTERM)
        assert process.wait(10) == 143
        assert process.communicate()[0] == ""


@pytest.mark.parametrize("mark", MARKS)
def test_the_death_of_dvc_or_torchrun_ends_what_they_started(mark: str) -> None:
    parent = f"import os; os.environ[{mark!r}] = 'x'; {PARENT}"
    with running(sys.executable, "-c", parent, *python(STEPS)) as (process, _):
        process.kill()
        assert process.communicate(timeout=60)[0] == "saved 143\n"


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_dvc_itself_is_found_behind_the_shell_that_it_starts(tmp_path: Path, shell: str) -> None:
    """Bash becomes its last command; Debian's sh waits for it, and would hide DVC's death."""
    (tmp_path / "train.py").write_text(START + STEPS)
    (tmp_path / "dvc.yaml").write_text(f"stages: {{train: {{cmd: {sys.executable} train.py}}}}")
    dvc = (sys.executable, "-m", "dvc")
    quiet = {"DVC_NO_ANALYTICS": "1", "SHELL": shell}
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=tmp_path, env=PLAIN | quiet, check=True)
    with running(*dvc, "repro", "--quiet", cwd=tmp_path, **quiet) as (process, _):
        process.kill()
        assert process.communicate(timeout=60)[0] == "saved 143\n"


def test_a_command_outlives_the_shell_of_its_user() -> None:
    with running(sys.executable, "-c", PARENT, *python(STEPS)) as (process, pid):
        process.kill()
        process.wait()
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=2.5)
        os.kill(pid, signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == "saved 143\n"


def test_the_shell_above_dvc_may_die(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(f"import os; os.environ['DVC_STAGE'] = 'train'; {PARENT}")
    (tmp_path / "train.py").write_text(START + STEPS)
    shell = f"{sys.executable} {tmp_path / 'parent.py'} {sys.executable} {tmp_path / 'train.py'}; exit $?"
    with running("/bin/sh", "-c", shell) as (process, pid):
        process.kill()
        process.wait()
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=2.5)
        os.kill(pid, signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == "saved 143\n"
