"""Training runs that are killed or lose a rank: they go on, and end in the same bits as an undisturbed run."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from seco.storage.atomic import TEMPORARY_SUFFIX
from tests.imports import ROOT
from tests.pipeline.conftest import Project
from tests.processes import SECO, TORCHRUN, Program, is_alive, wait_until

RUN = {
    "train.steps": 60,
    "train.batch_size": 3,
    "train.warmup_steps": 5,
    "train.prototype_start": 2,
    "train.contrast_start": 10,
    "train.segmentation_start": 20,
    "train.tag_source_switch": 40,
    "train.log_every": 3,
    "train.checkpoint_every": 1,
    "train.num_workers": 1,
}
ENDLESS = {"train.steps": 100_000, "train.num_workers": 0, "train.checkpoint_every": 100_000}
TRAIN = ("train", "--output", "new", "--curves", "log")
Start = Callable[..., Program]


def results(root: Path) -> dict[str, bytes]:
    """Return the files of model, metrics and learning curves, without the time that training took."""
    paths = [path for folder in ("new", "log") for path in (root / folder).rglob("*") if path.is_file()]
    files = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    metrics = json.loads(files["log/metrics.json"])
    assert metrics.pop("seconds") > 0
    assert {"new/model.safetensors", "log/metrics.json", "log/plots/metrics/loss/lil.tsv"} <= files.keys()
    return files | {"log/metrics.json": json.dumps(metrics).encode()}


def saved_step(root: Path) -> int:
    """Return the step of the newest checkpoint; 0 where there is none."""
    return max((int(path.name.split(".")[0][5:]) for path in root.glob(".seco/resume/*/step-*.pt")), default=0)


def undisturbed(project: Project, start: Start, command: tuple[str, ...]) -> dict[str, bytes]:
    program = start(*TRAIN, command=command)
    assert program.end() == 0, program.output()
    files = results(project.root)
    for folder in ("new", "log"):
        (project.root / folder).rename(project.root / f"undisturbed_{folder}")
    return files


def unfinished(root: Path) -> set[Path]:
    return set(root.glob(f".seco/resume/*/*{TEMPORARY_SUFFIX}"))


def prints_its_batches(program: Program, _root: Path, _step: int, _files: set[Path]) -> bool:
    return "batches of 3" in program.output()


def saves_a_step(_program: Program, root: Path, step: int, _files: set[Path]) -> bool:
    return saved_step(root) > step


def saves_five_steps(_program: Program, root: Path, step: int, _files: set[Path]) -> bool:
    return saved_step(root) >= step + 5


def writes_a_checkpoint(_program: Program, root: Path, _step: int, files: set[Path]) -> bool:
    return bool(unfinished(root) - files)


@pytest.mark.slow
def test_a_run_killed_at_different_moments_ends_in_the_same_bits(project: Project, start: Start) -> None:
    project.set(**RUN)
    expected = undisturbed(project, start, SECO)
    saved: list[int] = []
    for moment in (prints_its_batches, saves_a_step, writes_a_checkpoint, saves_five_steps) * 2:
        program = start(*TRAIN)
        program.wait_for(partial(moment, program, project.root, saved_step(project.root), unfinished(project.root)))
        program.kill()
        saved.append(saved_step(project.root))
    assert saved == sorted(saved)
    assert len(set(saved)) >= 4
    assert saved[-1] < RUN["train.steps"]
    program = start(*TRAIN)
    assert program.end() == 0, program.output()
    assert results(project.root) == expected
    assert not any(project.root.glob(".seco/resume/*"))


@pytest.mark.slow
def test_two_ranks_go_on_after_a_kill_a_stop_and_the_death_of_their_launcher(project: Project, start: Start) -> None:
    project.set(**RUN)
    expected = undisturbed(project, start, TORCHRUN)
    for interrupt in (
        lambda program: program.kill(),
        lambda program: program.process.terminate(),
        lambda program: program.process.kill(),
    ):
        before, program = saved_step(project.root), start(*TRAIN, command=TORCHRUN)
        program.wait_for(lambda: saved_step(project.root) > before + 2)  # noqa: B023  called in this turn of the loop
        ranks = program.workers()
        interrupt(program)
        assert program.process.wait() != 0
        wait_until(lambda: not any(map(is_alive, ranks)), within=25)  # noqa: B023
        assert before < saved_step(project.root) < RUN["train.steps"], program.output()
        assert not (project.root / "new/model.safetensors").exists()
    program = start(*TRAIN, command=TORCHRUN)
    assert program.end() == 0, program.output()
    assert results(project.root) == expected


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_dead_rank_ends_the_others(project: Project, start: Start, victim: int) -> None:
    project.set(**(RUN | ENDLESS))
    program = start(*TRAIN, command=TORCHRUN)
    program.wait_for((project.root / "log/metrics.json").exists)
    ranks = program.workers()
    assert len(ranks) == 2
    ranks[victim].kill()
    assert program.process.wait(30) != 0
    assert not any(map(is_alive, ranks))
    told = program.output()
    assert "Signal 9 (SIGKILL) received" in told  # the cause, in the launcher's summary
    assert not any(f'File "{ROOT}/{own}' in told for own in ("seco", "pipeline")), told
