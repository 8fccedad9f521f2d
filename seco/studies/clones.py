"""Runs as DVC experiments, several at a time, each in a clone of the project below `.seco/experiments`.

A run is `dvc exp run` in a clone that shares the project's git objects, DVC cache and `.seco/resume`; its experiment is
then fetched into the project. A clone holds the code of one commit, whatever is edited meanwhile, and no state that a
kill could spoil: every start makes a new one, the cache has the stages that are done, and training goes on from its
last checkpoint. (`dvc queue` would do without clones, but its workers outlive the command that started them, and a run
whose worker was killed stays "running" for ever.)
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from dvc.api import DVCFileSystem

from seco.errors import SecoError
from seco.runtime.signals import deferred
from seco.studies.repository import Repository, output_of
from seco.studies.results import Row, read_row
from seco.studies.runs import StudyRun
from seco.studies.settings import ROOT, look_up, override

# `python -m dvc`, which SIGINT stops also where a shell made this process ignore it (a background job), and which does
# not outlive this process; the stage that it runs sees that and saves its step.
_DVC = """\
import ctypes, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
runpy.run_module("dvc", run_name="__main__", alter_sys=True)
"""
_CACHE = (sys.executable, "-m", "dvc", "cache", "dir")
_PROGRESS = re.compile(rb"^([\w -]+): \d+/\d+ +(\d+%)", re.MULTILINE)  # of a stage: "train: 120/800  15%  0:34 left"
_GRACE = 60.0  # seconds for a training step to end and its state to be saved
_INTERVAL = 0.2  # seconds between two looks at the processes


class RunEnd(NamedTuple):
    """How a run ended: with a row of results or an error message, and the file of what it printed."""

    run: StudyRun
    row: Row | None
    error: str
    log: Path


class _Job(NamedTuple):
    run: StudyRun
    process: subprocess.Popen[bytes]
    clone: Path
    log: Path


def run_in_clones(
    runs: Sequence[StudyRun],
    repository: Repository,
    *,
    folder: Path,
    jobs: int,
    on_progress: Callable[[str], None],
) -> Generator[RunEnd, None, None]:
    """Run each, ``jobs`` at a time, and yield it when it has ended.

    When the iterator is closed or a request to stop comes, the runs under way get SIGINT: training saves its step.

    Args:
        runs: what to run; all read their data from the same place.
        folder: for clones and logs.
        on_progress: called several times a second with what each run under way does: "NAME: train 15%, NAME: …".
    """
    waiting, active = deque(runs), list[_Job]()
    folder.mkdir(parents=True, exist_ok=True)
    cache = output_of(*_CACHE, cwd=repository.root)
    try:
        while waiting or active:
            while waiting and len(active) < jobs:
                run = waiting.popleft()
                with _claim_log(folder / f"{run.name}.log") as log, deferred():
                    clone = _make_clone(run, repository, folder / run.name, cache=cache)
                    active.append(_Job(run, _start_dvc(run, clone, log, jobs=jobs), clone, Path(log.name)))
            for job in [job for job in active if job.process.poll() is not None]:
                with deferred():
                    active.remove(job)
                    end = _finish(job, repository)
                yield end
            on_progress(", ".join(f"{job.run.name}: {_progress_in(job.log)}" for job in active))
            time.sleep(_INTERVAL)
    finally:
        _stop(active)


def _claim_log(path: Path) -> IO[bytes]:
    """Open the empty log of a run, once nothing that a killed study left behind, nor another study, writes to it."""
    log = path.open("ab")
    fcntl.flock(log, fcntl.LOCK_EX)  # all that write to the log share the lock
    log.truncate(0)
    return log


def _make_clone(run: StudyRun, repository: Repository, clone: Path, *, cache: str) -> Path:
    """Make a clone that has the project's DVC cache, its interrupted trainings and its data."""
    shutil.rmtree(clone, ignore_errors=True)
    repository.clone_to(clone)
    output_of(*_CACHE, "--local", cache, cwd=clone)
    resume, data = repository.root / ".seco/resume", str(look_up(run.settings, ROOT))
    resume.mkdir(parents=True, exist_ok=True)
    _link(clone / ".seco/resume", resume)
    if not Path(data).is_absolute() and not DVCFileSystem(str(repository.root)).isdvc(data):
        _link(clone / data, repository.root / data)
    return clone


def _link(path: Path, target: Path) -> None:
    """Link a path of a clone to a file or folder of the project, unless git has put it there."""
    if target.exists() and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.resolve())


def _start_dvc(run: StudyRun, clone: Path, log: IO[bytes], *, jobs: int) -> subprocess.Popen[bytes]:
    changes = [word for key, value in run.changes.items() for word in ("-S", override(key, value))]
    programs, own = str(Path(sys.executable).parent), os.environ
    environment = {
        "OMP_NUM_THREADS": str(max((os.cpu_count() or 1) // jobs, 1)),
        **own,
        "PATH": os.pathsep.join([programs, own.get("PATH", os.defpath)]),
        # The stages import the clone's code, not that of the project in which this environment has installed it.
        "PYTHONPATH": os.pathsep.join([os.curdir, *filter(None, own.get("PYTHONPATH", "").split(os.pathsep))]),
    }
    return subprocess.Popen(
        [sys.executable, "-c", _DVC, "exp", "run", "--name", run.name, *changes],
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C in the terminal must not reach it directly
    )


def _finish(job: _Job, repository: Repository) -> RunEnd:
    row, error = None, ""
    if job.process.returncode:
        error = _error_in(job.log) or f"it ended with status {job.process.returncode}"
    else:
        try:
            row = read_row(job.run, job.clone, commit=repository.head)
            repository.fetch_experiment(job.clone, job.run.name)
        except SecoError as failure:
            row, error = None, str(failure)
    shutil.rmtree(job.clone, ignore_errors=True)
    return RunEnd(job.run, row, error, job.log)


def _error_in(log: Path) -> str:
    """Return the last error message of `seco` in a log, else its last line."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("seco: ") for line in lines if line.startswith("seco: ")]
    return (errors or lines or [""])[-1]


def _progress_in(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - 4096, 0))
        found = _PROGRESS.findall(file.read())
    return b" ".join(found[-1]).decode() if found else "starting"


def _stop(active: Sequence[_Job]) -> None:
    deadline = time.monotonic() + _GRACE
    for job in active:
        if job.process.poll() is None:
            os.killpg(job.process.pid, signal.SIGINT)
    for job in active:
        try:
            job.process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            os.killpg(job.process.pid, signal.SIGKILL)
            job.process.wait()
        shutil.rmtree(job.clone, ignore_errors=True)
