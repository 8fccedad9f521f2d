"""`seco resume`, and runs that are interrupted, damaged or started twice."""

from collections.abc import Callable

import pytest

from seco.training.checkpoint import list_checkpoints, write_checkpoint
from seco.training.runs import note_run
from tests.pipeline.conftest import Project
from tests.processes import Program

ENDLESS = {"train.steps": 100_000, "train.checkpoint_every": 1}
TRAIN = ("train", "--output", "new", "--curves", "new-log")
A, B = "aaaa000011112222", "bbbb000011112222"


@pytest.fixture
def interrupted(project: Project) -> Project:
    """A project with two interrupted runs, the first of which was saved twice."""
    for name, step in ((A, 100), (B, 100), (A, 200)):
        folder = project.root / ".seco/resume" / name
        note_run(folder, {"steps": 500, "patch_size": 64, "batch_size": 8, "backbone": "vit", "dataset": "data"})
        write_checkpoint(folder, {"value": step}, step=step)
    return project


def names(project: Project) -> list[str]:
    return sorted(path.name for path in (project.root / ".seco/resume").iterdir())


def test_runs_are_listed(interrupted: Project) -> None:
    outcome = interrupted.run("resume", "list")
    assert (outcome.status, outcome.err) == (0, "")
    rows = [line.split()[:2] for line in outcome.out.splitlines() if "000011112222" in line]
    assert rows == [[A, "200/500"], [B, "100/500"]]


def test_without_runs_both_commands_say_so(project: Project) -> None:
    for words, told in (("list", "There is no interrupted run in .seco/resume."), ("clean --all", "Nothing to delete")):
        outcome = project.run("resume", *words.split())
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.startswith(told)


def test_named_runs_are_deleted(interrupted: Project) -> None:
    outcome = interrupted.run("resume", "clean", A, A)
    assert outcome.status == 0
    assert outcome.out.startswith(f"Deleted {A}: ")
    assert outcome.out.endswith(" freed.\n")
    assert names(interrupted) == [B]


def test_all_runs_are_deleted_and_nothing_else(interrupted: Project) -> None:
    (interrupted.root / ".seco/resume/mine").mkdir()
    assert interrupted.run("resume", "clean", "--all").out.count("Deleted") == 2
    assert names(interrupted) == ["mine"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((B, A[:-1]), f"there is no run '{A[:-1]}': did you mean {A}?"),
        (("../../data",), "there is no run '../../data': choose one of"),
        ((), "say which runs to delete: their names, as `seco resume list` shows them, or --all"),
        ((A, "--all"), "say which runs to delete"),
    ],
)
def test_unclear_words_delete_nothing(interrupted: Project, words: tuple[str, ...], sentence: str) -> None:
    assert interrupted.refusal("resume", "clean", *words).startswith(sentence)


def test_a_running_run_is_marked_and_neither_deleted_nor_started_twice(
    project: Project, start: Callable[..., Program]
) -> None:
    project.set(**ENDLESS)
    program = start(*TRAIN)
    program.wait_for(lambda: any(project.root.glob(".seco/resume/*/step-*.pt")))
    (name,), owner = names(project), f"pid {program.process.pid} on"
    assert owner in " ".join(project.run("resume", "list").out.split())
    assert f"Kept {name}: it is running ({owner}" in project.run("resume", "clean", "--all").out
    for words, told in (
        (("resume", "clean", name), f"the run {name} is running ({owner}"),
        (("train", "--output", "new", "--curves", "other-log"), f"seco: another process ({owner}"),
    ):
        outcome = project.run(*words)
        assert outcome.status == 1
        assert told in outcome.err
    program.kill()
    assert "is running" not in project.run("resume", "clean", "--all").out
    assert names(project) == []


def test_a_killed_run_goes_on_before_a_damaged_checkpoint(project: Project, start: Callable[..., Program]) -> None:
    project.set(**ENDLESS)
    program = start(*TRAIN)
    program.wait_for(lambda: len(list(project.root.glob(".seco/resume/*/step-*.pt"))) > 1)
    program.kill()
    folder = project.root / ".seco/resume" / names(project)[0]
    newest, older = list_checkpoints(folder)[:2]
    newest.path.write_bytes(newest.path.read_bytes()[:-1])
    program = start(*TRAIN)
    program.wait_for(lambda: list_checkpoints(folder)[0].step > newest.step)
    program.kill()
    assert f"train: .seco/resume/{folder.name}/{newest.path.name} is damaged" in program.output()
    assert f"the run goes on from step {older.step}" in program.output()
