"""`seco resume`, and runs that are interrupted, damaged or begun twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from pipeline.app import app
from seco.training.checkpoint import list_checkpoints, write_checkpoint
from seco.training.runs import note_run
from tests.imports import ROOT
from tests.pipeline.conftest import Project

ENDLESS = {"train.steps": 100_000, "train.checkpoint_every": 1}


@contextmanager
def training(project: Project) -> Iterator[subprocess.Popen]:
    """Train in another process, which is killed at the end; the block begins when it has saved its state."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "pipeline", "train", "--output", "new", "--curves", "new-log"]
    with subprocess.Popen(words, cwd=project.root, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            patience = time.monotonic() + 180
            while not any(project.root.glob(".seco/resume/*/step-*.pt")):
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < patience
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


@pytest.fixture
def waiting(project: Project) -> Project:
    """A project with two interrupted runs, one of which has been saved twice."""
    for name, step in (("aaaa000011112222", 100), ("bbbb000011112222", 100), ("aaaa000011112222", 200)):
        folder = project.root / ".seco/resume" / name
        note_run(folder, {"steps": 500, "patch_size": 64, "batch_size": 8, "backbone": "vit", "dataset": "data"})
        write_checkpoint(folder, {"value": step}, step=step)
    return project


def names(project: Project) -> list[str]:
    return sorted(path.name for path in (project.root / ".seco/resume").iterdir())


def test_runs_are_listed(waiting: Project) -> None:
    outcome = waiting.run("resume", "list")
    assert (outcome.status, outcome.err) == (0, "")
    rows = [line.split() for line in outcome.out.splitlines() if "000011112222" in line]
    assert [row[:2] for row in rows] == [["aaaa000011112222", "200/500"], ["bbbb000011112222", "100/500"]]


def test_there_may_be_no_run(project: Project) -> None:
    for words, told in ((("list",), "No interrupted run waits in .seco/resume."), (("clean", "--all"), "Nothing to")):
        outcome = project.run("resume", *words)
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.startswith(told)


def test_a_run_that_is_named_is_deleted(waiting: Project) -> None:
    outcome = waiting.run("resume", "clean", "aaaa000011112222", "aaaa000011112222")
    assert outcome.status == 0
    assert outcome.out.startswith("Deleted aaaa000011112222: ")
    assert outcome.out.endswith(" kB freed.\n")
    assert names(waiting) == ["bbbb000011112222"]


def test_all_runs_are_deleted_when_that_is_asked_for(waiting: Project) -> None:
    (waiting.root / ".seco/resume/mine").mkdir()
    assert waiting.run("resume", "clean", "--all").out.count("Deleted") == 2
    assert names(waiting) == ["mine"]


def test_nothing_is_deleted_by_a_wrong_name(waiting: Project) -> None:
    told = waiting.refusal("resume", "clean", "bbbb000011112222", "aaaa00001111222")
    assert told == "there is no run 'aaaa00001111222': did you mean aaaa000011112222?"
    assert "choose one of" in waiting.refusal("resume", "clean", "../../data")


@pytest.mark.parametrize("words", [(), ("aaaa000011112222", "--all")])
def test_it_must_be_clear_what_to_delete(waiting: Project, words: tuple[str, ...]) -> None:
    assert "as `seco resume list` shows them, or --all" in waiting.refusal("resume", "clean", *words)


def test_a_run_under_way_is_marked_and_stays_and_is_not_begun_twice(project: Project) -> None:
    project.set(**ENDLESS)
    with training(project) as process:
        (name,) = names(project)
        assert f"pid {process.pid} on" in " ".join(project.run("resume", "list").out.split())
        assert f"Kept {name}: it is under way (pid {process.pid} on" in project.run("resume", "clean", "--all").out
        told = project.run("resume", "clean", name)
        assert told.status == 1
        assert f"the run {name} is under way (pid {process.pid} on" in told.err
        second = project.run("train", "--output", "new", "--curves", "other-log")
        assert second.status == 1
        assert f"seco: another process (pid {process.pid} on" in second.err
    assert "under way" not in project.run("resume", "clean", "--all").out
    assert names(project) == []


def test_a_killed_run_goes_on_past_a_damaged_checkpoint(project: Project) -> None:
    project.set(**ENDLESS)
    with training(project) as process:
        folder = project.root / ".seco/resume" / names(project)[0]
        while len(list_checkpoints(folder)) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    newest, older = list_checkpoints(folder)[:2]
    newest.path.write_bytes(newest.path.read_bytes()[:-1])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "pipeline", "train", "--output", "new", "--curves", "new-log"]
    with subprocess.Popen(words, cwd=project.root, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while list_checkpoints(folder)[0].step <= newest.step:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.01)
        process.kill()
        told = process.communicate()[1]
    assert f"train: .seco/resume/{folder.name}/{newest.path.name} is damaged" in told
    assert f"the run goes on from step {older.step}" in told


@pytest.mark.parametrize("command", ["list", "clean"])
def test_help_fits_the_width_and_shows_every_default(command: str) -> None:
    result = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["resume", command, "--help"])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100
    options = [line for line in result.stdout.splitlines() if line.startswith("│ --") and "--help" not in line]
    assert options
    assert result.stdout.count("[default:") == len(options)
