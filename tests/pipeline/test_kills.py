"""A training run that is killed again and again ends in the bits of one that nobody touched."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from tests.imports import ROOT
from tests.pipeline.conftest import Project

ALONE = (sys.executable, "-m", "pipeline")
TWO_RANKS = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "pipeline")
RUN = {
    "train.steps": 60,
    "train.warmup_steps": 5,
    "train.prototype_start": 2,
    "train.contrast_start": 10,
    "train.segmentation_start": 20,
    "train.tag_source_switch": 40,
    "train.log_every": 3,
    "train.checkpoint_every": 1,  # so that most kills fall into the writing of a checkpoint
    "train.num_workers": 1,
}
PATIENCE = 180.0  # seconds for a start or an end


class Training:
    """`train` on one process or several, from the outside."""

    def __init__(self, project: Project, start: Sequence[str]) -> None:
        self.root = project.root
        self.told = project.root / "told.txt"
        with self.told.open("ab") as file:
            self.before = file.tell()
            self.process = subprocess.Popen(
                [*start, "train", "--output", "new", "--curves", "log"],
                cwd=project.root,
                env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                stdout=file,
                stderr=file,
            )

    def says(self) -> str:
        """Return what it has said so far."""
        return self.told.read_bytes()[self.before :].decode()

    def await_words(self, words: str) -> None:
        self._await(lambda: words in self.says())

    def await_step(self, step: int) -> None:
        """Wait until that step, or a later one, is saved."""
        self._await(lambda: saved_step(self.root) >= step)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that it started, and theirs."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill everything at once, as a machine that fails does."""
        for process in [*self.workers(), psutil.Process(self.process.pid)]:
            process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self) -> int:
        return self.process.wait(PATIENCE)

    def _await(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.says()
            assert time.monotonic() < deadline, self.says()
            time.sleep(0.01)


def left_behind(root: Path) -> dict[str, bytes]:
    """Return the files of model, metrics and learning curves; that of the metrics without how long training took."""
    paths = [path for folder in ("new", "log") for path in (root / folder).rglob("*") if path.is_file()]
    files = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    metrics = json.loads(files["log/metrics.json"])
    assert metrics.pop("seconds") > 0
    return files | {"log/metrics.json": json.dumps(metrics).encode()}


def saved_step(root: Path) -> int:
    """Return the step of the newest checkpoint; 0 where there is none."""
    return max((int(path.name.split(".")[0][5:]) for path in root.glob(".seco/resume/*/step-*.pt")), default=0)


def unbroken(project: Project, start: Sequence[str]) -> dict[str, bytes]:
    run = Training(project, start)
    assert run.end() == 0, run.says()
    files = left_behind(project.root)
    assert {"new/model.safetensors", "log/metrics.json", "log/plots/metrics/loss/lil.tsv"} <= files.keys()
    for folder in ("new", "log"):
        (project.root / folder).rename(project.root / f"unbroken_{folder}")
    return files


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "kills", "steps"), [(ALONE, 20, 100), (TWO_RANKS, 4, 60)], ids=["one process", "two ranks"]
)
def test_a_run_killed_at_random_moments_ends_in_the_same_bits(
    project: Project, start: Sequence[str], kills: int, steps: int
):
    project.set(**(RUN | {"train.batch_size": 3, "train.steps": steps}))
    expected = unbroken(project, start)
    chance, saved, half_written = random.Random(0), [], 0
    for number in range(kills):
        run = Training(project, start)
        run.await_words("batches of 3")
        # Some fall before the first step, the others steps apart, however slow the machine; the run lives through all.
        early = saved_step(project.root) < 0.5 * steps
        run.await_step(saved_step(project.root) + number % 3 if early else 0)
        time.sleep(chance.uniform(0.0, 0.5 if early else 0.1))
        run.kill()
        saved.append(saved_step(project.root))
        half_written += any(project.root.glob(".seco/resume/*/*.tmp"))
    assert saved == sorted(saved)
    assert len(set(saved)) > max(kills // 5, 1), "the kills hit the run at different steps"
    assert saved[-1] < steps
    if kills > 10:
        assert half_written, "some kill fell into the writing of a checkpoint"
    last = Training(project, start)
    assert last.end() == 0, last.says()
    assert left_behind(project.root) == expected
    assert not any(project.root.glob(".seco/resume/*"))


@pytest.mark.slow
def test_ranks_save_when_asked_to_stop_and_go_on_as_if_nothing_had_been(project: Project):
    project.set(**(RUN | {"train.checkpoint_every": 1000, "train.batch_size": 3}))
    expected = unbroken(project, TWO_RANKS)
    run = Training(project, TWO_RANKS)
    run.await_words("batches of 3")
    time.sleep(2.0)
    run.process.terminate()
    assert run.end() != 0
    assert 0 < saved_step(project.root) < RUN["train.steps"], run.says()
    assert not (project.root / "new/model.safetensors").exists()
    run = Training(project, TWO_RANKS)
    assert run.end() == 0, run.says()
    assert left_behind(project.root) == expected


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_dead_rank_takes_the_others_down(project: Project, victim: int):
    project.set(**(RUN | {"train.steps": 100_000, "train.num_workers": 0, "train.checkpoint_every": 1000}))
    run = Training(project, TWO_RANKS)
    run.await_words("batches of 2")
    time.sleep(1.5)
    ranks = run.workers()
    assert len(ranks) == 2
    died = time.monotonic()
    ranks[victim].kill()
    assert run.end() != 0
    assert time.monotonic() - died < 30
    assert not any(rank.is_running() for rank in ranks)
    told = run.says()
    assert "Signal 9 (SIGKILL) received" in told  # what happened first, in the summary of the launcher
    assert not any(f'File "{ROOT}/{own}' in told for own in ("seco", "pipeline")), told


@pytest.mark.slow
def test_ranks_whose_launcher_dies_save_and_end(project: Project):
    project.set(**(RUN | {"train.steps": 100_000, "train.num_workers": 0, "train.checkpoint_every": 100_000}))
    run = Training(project, TWO_RANKS)
    run.await_words("batches of 2")
    time.sleep(1.5)
    ranks = run.workers()
    psutil.Process(run.process.pid).kill()
    run.process.wait()
    _, alive = psutil.wait_procs(ranks, timeout=25)
    assert not alive
    assert saved_step(project.root) > 0
