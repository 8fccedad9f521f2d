"""Commands that are asked to stop, as a terminal, `timeout` or DVC's death ask: quietly, with nothing half done."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from seco.storage.manifest import Manifest, read_manifest, write_manifest
from seco.training.checkpoint import read_checkpoint
from tests.imports import ROOT
from tests.pipeline.conftest import Outcome, Project

STATUSES = {signal.SIGTERM: 143, signal.SIGINT: 130}
ENDLESS = {"train.steps": 100_000, "train.checkpoint_every": 100_000, "train.log_every": 1}
PARENT = "import os, subprocess, sys; os.environ['DVC_STAGE'] = 'train'; subprocess.call(sys.argv[1:])"
PRETRAINING = {"--output": "new.safetensors", "--images": 8, "--size": 64, "--steps": 9, "--batch-size": 1}


class Started(NamedTuple):
    """A command in a session of its own, which holds all of its processes."""

    process: subprocess.Popen[str]

    def wait_for(self, happens: Callable[[], object]) -> None:
        patience = time.monotonic() + 180
        while not happens():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < patience
            time.sleep(0.05)

    def ask(self, number: signal.Signals) -> None:
        """Signal the whole process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, *, within: float = 90) -> Outcome:
        """Wait for the end of all processes that hold the output open."""
        told, _ = self.process.communicate(timeout=within)
        assert "Traceback" not in told
        assert self.survivors() == []
        return Outcome(self.process.returncode, told, told)

    def survivors(self) -> list[int]:
        """Return the processes of the session that do not end within seconds."""
        patience = time.monotonic() + 30
        while (found := processes_of(self.process.pid)) and time.monotonic() < patience:
            time.sleep(0.05)
        return found


def processes_of(session: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, its_session = (path / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended meanwhile
            continue
        if int(its_session) == session and state != "Z":
            found.append(int(path.name))
    return found


@pytest.fixture
def start(project: Project):
    """Start commands; kill what is left of them."""
    sessions: list[int] = []

    def start(*words: object, parent: tuple[str, ...] = ()) -> Started:
        process = subprocess.Popen(
            [*parent, sys.executable, "-m", "pipeline", *map(str, words)],
            cwd=project.root,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_interrupts,
        )
        sessions.append(process.pid)
        return Started(process)

    yield start
    for pid in [pid for session in sessions for pid in processes_of(session)]:
        os.kill(pid, signal.SIGKILL)


def _heed_interrupts() -> None:
    """Undo what a shell does to the commands it runs in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def many_times(manifest: Manifest, count: int) -> Manifest:
    records = [replace(record, id=f"{record.id}_{copy}") for record in manifest.records for copy in range(count)]
    return Manifest(tuple(records), manifest.class_names)


def require_saved_step(project: Project) -> None:
    """Demand one state of an interrupted run, whose curves go up to its step."""
    (folder,) = [path.parent for path in project.root.glob(".seco/resume/*/*.pt")]
    restored = read_checkpoint(folder)
    assert restored is not None
    assert restored.step >= 1
    assert [point["step"] for point in restored.state["curves"]] == list(range(1, restored.step + 1))
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize("number", STATUSES)
def test_training_finishes_its_step_and_saves(project: Project, start, number: signal.Signals) -> None:
    project.set(**ENDLESS, **{"train.num_workers": 2})
    command = start("train", "--output", "new", "--curves", "log")
    command.wait_for((project.root / "log/metrics.json").exists)
    command.ask(number)
    outcome = command.end()
    assert outcome.status == STATUSES[number]
    assert outcome.err.endswith(
        f"seco: finishing the step and saving; once more to stop at once\nseco: stopped ({number.name})\n"
    )
    require_saved_step(project)
    assert not any((project.root / "new").iterdir())


def test_asked_twice_training_ends_in_the_midst_of_a_step(project: Project, start) -> None:
    pipe = project.root / "never.jpg"
    os.mkfifo(pipe)
    manifest = read_manifest(project.root / "data/prepare")
    records = [replace(record, image=pipe) for record in manifest.records]
    write_manifest(project.root / "data/slow", Manifest(tuple(records), manifest.class_names), summary={})
    project.set(**ENDLESS, **{"train.num_workers": 0})
    command = start("train", "--data", "data/slow", "--output", "new", "--curves", "log")
    command.wait_for(lambda: opened(pipe))
    command.ask(signal.SIGINT)
    time.sleep(1)
    assert command.process.poll() is None
    command.ask(signal.SIGINT)
    assert command.end(within=10).status == 130
    assert not any(project.root.glob(".seco/resume/*/*.pt"))


def opened(pipe: Path) -> bool:
    """Return whether somebody reads a pipe, and let them wait for the first byte."""
    try:
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    return True


def test_training_ends_with_the_dvc_that_started_it(project: Project, start) -> None:
    project.set(**ENDLESS, **{"train.num_workers": 1})
    parent = (sys.executable, "-c", PARENT)
    command = start("train", "--output", "new", "--curves", "log", parent=parent)
    command.wait_for((project.root / "log/metrics.json").exists)
    command.process.kill()
    assert command.end(within=20).err.endswith("seco: stopped (SIGTERM)\n")
    require_saved_step(project)


@pytest.mark.parametrize("number", STATUSES)
def test_refinement_stops_and_leaves_whole_masks(project: Project, start, number: signal.Signals) -> None:
    manifest = many_times(read_manifest(project.root / "data/prepare"), 1000)
    write_manifest(project.root / "data/many", manifest, summary={})
    command = start("refine", "--data", "data/many", "--output", "new")
    command.wait_for(lambda: any(project.root.glob("new/*.png")))
    command.ask(number)
    outcome = command.end()
    assert outcome.status == STATUSES[number]
    assert outcome.err.endswith(f"seco: stopped ({number.name})\n")
    for path in (project.root / "new").iterdir():
        Image.open(path).load()


@pytest.mark.parametrize("number", STATUSES)
def test_the_old_scenes_survive_when_new_ones_are_given_up(project: Project, start, number: signal.Signals) -> None:
    project.set(**{"generate.train_images": 100_000})
    before = project.files()
    command = start("generate")
    command.wait_for(lambda: any(project.root.glob("data/raw/.demo.partial/fresh/JPEGImages/*.jpg")))
    command.ask(number)
    assert command.end().status == STATUSES[number]
    assert project.files() == before


@pytest.mark.parametrize("number", STATUSES)
@pytest.mark.parametrize("stage", ["prepare", "export", "export-masks", "predict", "evaluate"])
def test_the_first_file_is_finished_and_no_other_begun(
    project: Project, stage: str, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sync, synced = project.files(), os.fsync, [0]

    def stop_in_the_midst(descriptor: int) -> None:
        synced[0] += 1
        if synced[0] == 1:
            os.kill(os.getpid(), number)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", stop_in_the_midst)
    outcome = project.run(stage)
    assert outcome.status == STATUSES[number]
    assert outcome.err.endswith(f"seco: stopped ({number.name})\n")
    assert "Traceback" not in outcome.err
    assert synced[0] == 2, "the file and its folder"
    changed = {name for name, digest in project.files().items() if before.get(name) != digest}
    assert not {name for name in changed if not name.startswith(".seco/prepare/")}, "known files of a copy are others"


@pytest.mark.parametrize("number", STATUSES)
def test_pretraining_writes_nothing_when_stopped(
    project: Project, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> float:
        os.kill(os.getpid(), number)
        return 1.0

    monkeypatch.setattr("scenes.pretraining.learning_rate_factor", stop)
    before = project.files()
    outcome = project.run("pretrain", *(str(word) for option in PRETRAINING.items() for word in option))
    assert outcome.status == STATUSES[number]
    assert outcome.err.endswith(f"seco: stopped ({number.name})\n")
    assert project.files() == before
