"""Runs as experiments of DVC, several at a time.

Each is `dvc exp run --temp`: DVC runs the pipeline in a copy of the project, takes what its cache has, and keeps the
results as an experiment, which `dvc exp show` lists. Its queue (`dvc queue start`) would do the same, but its workers
outlive the command that started them, are killed together with what they run, leaving it half done, and leave a run
whose worker was killed "running" for ever, which everything that waits for the queue then waits for.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from seco.studies.plan import Run
from seco.studies.repository import Repository
from seco.studies.settings import override
from seco.studies.studies import Changes

_BEGUN = "Reproducing experiment"  # what DVC says once it has taken its copy of the project
_VOICES = ("seco: ", "ERROR: ")  # how lines begin that say what was wrong, the more telling first
# DVC, but for two habits. What a shell has put into the background ignores Ctrl-C, and so would all that it starts;
# runs are stopped by it, hence DVC heeds it again. And after its run it looks for more to do in a place that all share,
# where it would find what another run has just laid down there for itself: each does its own alone.
_DVC = """\
import signal, sys
from dvc.cli import main
from dvc.repo.experiments.queue.tempdir import TempDirQueue
signal.signal(signal.SIGINT, signal.default_int_handler)
TempDirQueue.reproduce = lambda queue, **options: queue._reproduce_entry(*queue.get(), **options)
sys.exit(main())
"""
_GRACE = 60.0  # seconds for a step to end and its state to be saved


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        fault: why it failed; None where it did not.
        log: what it printed.
    """

    run: Run
    fault: str | None
    log: Path


class Execution:
    """Runs experiments.

    Args:
        repository: the project's.
        logs: folder for what each run prints.
        jobs: how many run at a time.
        extra: changes of settings that are no part of what a run is, such as where the data lie.
        hear: called with each line that a run prints, in the run's own thread.
    """

    def __init__(
        self, repository: Repository, *, logs: Path, jobs: int, extra: Changes, hear: Callable[[Run, str], None]
    ) -> None:
        self.repository = repository
        self.logs = logs
        self.jobs = jobs
        self.extra = extra
        self.hear = hear
        self._stopping = threading.Event()
        self._processes: set[subprocess.Popen[str]] = set()
        # DVC writes a run's settings to the project's params.yaml for the moment in which it copies it.
        self._copying = threading.Lock()

    def run(self, runs: Sequence[Run]) -> Generator[Ended, None, None]:
        """Run each, and yield it when it has ended, in whatever way.

        A request to stop, or a fault of the caller's, ends those under way as Ctrl-C would; what trains saves its step.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = [pool.submit(self._run, run) for run in runs]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                self._stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Keep DVC, while the block lasts, from setting aside and putting back what changed in the project."""
        with self._copying:
            yield

    def _run(self, run: Run) -> Ended:
        log = self.logs / f"{run.name}.log"
        with log.open("w", encoding="utf-8") as file:
            status = self._supervise(run, file)
        return Ended(run, None if status == 0 else _reason(log, status), log)

    def _supervise(self, run: Run, log: IO[str]) -> int:
        """Start a run and copy what it prints to its log; return its exit status."""
        with self._copying:
            if self._stopping.is_set():
                return -signal.SIGINT
            process = self._start(run)
            lines = self._lines(run, cast(IO[str], process.stdout), log)
            any(line.startswith(_BEGUN) for line in lines)  # reads up to that line, or to the end
        with process:
            for _ in lines:
                pass
        self._processes.discard(process)
        return process.returncode

    def _lines(self, run: Run, output: IO[str], log: IO[str]) -> Iterator[str]:
        for line in output:
            log.write(line)
            log.flush()
            self.hear(run, line)
            yield line

    def _start(self, run: Run) -> subprocess.Popen[str]:
        # DVC refuses a name that it knows. Its --force would replace that experiment, but run every stage afresh too.
        self.repository.forget(run.name)
        changes = {**run.changes, **self.extra}
        words = [part for key, value in changes.items() for part in ("--set-param", override(key, value))]
        process = subprocess.Popen(
            [sys.executable, "-c", _DVC, "exp", "run", "--temp", "--name", run.name, *words],
            cwd=self.repository.root,
            env=_environment(self.jobs),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a signal must not reach it behind our back
        )
        self._processes.add(process)
        return process

    def _stop(self) -> None:
        for process in [*self._processes]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
        patience = time.monotonic() + _GRACE
        while any(process.poll() is None for process in self._processes) and time.monotonic() < patience:
            time.sleep(0.1)
        for process in [*self._processes]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _environment(jobs: int) -> dict[str, str]:
    """Return the environment of a run: the stages are this environment's, the code is that of DVC's copy."""
    own = dict(os.environ)
    programs, modules = str(Path(sys.executable).parent), own.get("PYTHONPATH", "")
    threads = max((os.cpu_count() or 1) // jobs, 1)
    return {
        "OMP_NUM_THREADS": str(threads),
        **own,
        "PATH": os.pathsep.join([programs, own.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join([os.curdir, *modules.split(os.pathsep)]).rstrip(os.pathsep),
    }


def _reason(log: Path, status: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for voice in _VOICES:
        told = [line.removeprefix(voice) for line in lines if line.startswith(voice)]
        if told:
            return told[-1]
    return f"it ended with status {status}"
