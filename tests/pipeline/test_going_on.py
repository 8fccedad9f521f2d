"""`export`, `refine` and `predict` that were killed: the next call goes on, with the bytes of an undisturbed run."""

import errno
import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from PIL import Image

from seco.storage import atomic
from seco.storage.manifest import Manifest, read_manifest, write_manifest
from tests.pipeline.conftest import Project
from tests.processes import Program, is_alive, wait_until

pytestmark = pytest.mark.slow
STAGES = {  # what they write, and a setting that changes it
    "export": ("data/export", {"export.background": 0.3, "export.image_size": 48}),
    "export-cams": ("data/export/cams", {"export.image_size": 48}),
    "refine": ("data/refine", {"export.background": 0.9, "refine.scales": [0.5]}),
    "predict": ("data/predict", {"predict.image_size": 48}),
}


def results(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stop_after(files: int, project: Project, stage: str, monkeypatch: pytest.MonkeyPatch) -> dict[Path, int]:
    """Run a stage in an empty folder until so many results are there; return their times."""
    folder, publish = project.root / STAGES[stage][0], atomic.publish
    shutil.rmtree(folder)

    def fill_up(temporary: Path, path: Path) -> None:
        if len(written(folder)) == files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        publish(temporary, path)

    with monkeypatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)  # masks are written in this process
        patch.setattr(atomic, "publish", fill_up)
        assert project.run(stage).status == 1
    return {path: path.stat().st_mtime_ns for path in written(folder)}


def pool_workers(program: Program) -> list[psutil.Process]:
    """Return the processes that write masks: children of the server of processes, not of the program itself."""
    return [worker for worker in program.workers() if worker.ppid() != program.process.pid]


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".png", ".npz")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_goes_on_and_gives_the_same_bytes(
    project: Project, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.root / STAGES[stage][0]
    expected = results(folder)
    finished = stop_after(4, project, stage, monkeypatch)
    assert len(finished) == 4
    assert project.run(stage).status == 0
    kept = {path for path, time in finished.items() if path.stat().st_mtime_ns == time}
    assert len(kept) >= 3  # predict: the variants of an image that was not complete are written again
    assert results(folder) == expected
    assert project.run(stage).status == 0  # a stage that was complete does its work again
    assert not any(path.stat().st_mtime_ns == finished[path] for path in kept)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("change", ["settings", "model", "data", "force"])
def test_results_of_another_run_are_not_kept(
    project: Project, stage: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = stop_after(4, project, stage, monkeypatch)
    if change == "settings":
        project.set(**STAGES[stage][1])
    if change == "model":
        config = project.root / "data/train/config.json"
        config.write_text(config.read_text() + "\n")
    if change == "data":
        digests = project.root / "data/prepare/digests.csv"
        digests.write_text(digests.read_text().replace("0", "1"))
    outcome = project.run(stage, *(["--force"] if change == "force" else []))
    assert outcome.status == 0, outcome.err
    assert not any(path.stat().st_mtime_ns == time for path, time in finished.items())


def test_masks_after_a_crf_that_is_no_longer_asked_for_are_removed(project: Project) -> None:
    assert any((project.root / "data/predict/crf").iterdir())
    project.set(**{"crf.enabled": False})
    assert project.run("predict").status == 0
    assert not (project.root / "data/predict/crf").exists(), "`evaluate` would miss its masks"


def test_files_that_are_no_results_stay(project: Project) -> None:
    note = project.root / "data/refine/note.png"
    note.write_text("mine")
    assert project.run("refine", "--force").status == 0
    assert note.read_text() == "mine"


@pytest.fixture
def many(project: Project) -> int:
    """Write a manifest of many images to data/many; return how many of them `refine` takes."""
    manifest = read_manifest(project.root / "data/prepare")
    records = [replace(record, id=f"{record.id}_{copy}") for record in manifest.records for copy in range(10)]
    write_manifest(project.root / "data/many", Manifest(tuple(records), manifest.class_names), summary={})
    return 10 * len(written(project.root / "data/refine"))


def test_a_stage_that_is_killed_goes_on(project: Project, many: int, start: Callable[..., Program]) -> None:
    new = project.root / "new"
    words = ("refine", "--data", "data/many", "--output", "new")
    program = start(*words)
    program.wait_for(lambda: len(written(new)) > 8)
    program.kill()
    finished = {path: path.stat().st_mtime_ns for path in written(new)}
    assert 8 < len(finished) < many
    outcome = project.run(*words)
    assert f"refine: {many - len(finished)}/{many - len(finished)}" in outcome.err
    assert all(path.stat().st_mtime_ns == time for path, time in finished.items())
    assert project.run("refine", "--data", "data/many", "--output", "whole").status == 0
    assert results(new) == results(project.root / "whole")
    assert len(results(new)) == many


@pytest.fixture
def shots(project: Project) -> list[Path]:
    """Large photographs, whose CRF takes a while."""
    folder = project.root / "shots"
    folder.mkdir()
    scenes = sorted((project.root / "data/raw/demo").rglob("*.jpg"))[:8]
    for index, scene in enumerate(scenes):
        with Image.open(scene) as image:
            image.resize((240, 200 + index)).save(folder / f"{index}.jpg")
    return sorted(folder.iterdir())


PHOTOGRAPHS = ("predict", "--images", "shots", "--model", "data/train", "--out", "new")
STAGE = ("refine", "--data", "data/many", "--output", "new")


@pytest.mark.parametrize("words", [PHOTOGRAPHS, STAGE])
def test_ctrl_c_ends_all_processes_and_keeps_what_is_finished(
    project: Project, many: int, shots: list[Path], start: Callable[..., Program], words: tuple[str, ...]
) -> None:
    new, count = project.root / "new", many if words == STAGE else len(shots)
    program = start(*words)
    program.wait_for(lambda: written(new) and pool_workers(program))
    workers = program.workers()
    program.signal(signal.SIGINT)
    assert program.end() == 130
    assert program.output().endswith("seco: stopped (SIGINT)\n")
    wait_until(lambda: not any(map(is_alive, workers)))
    finished = {path: path.stat().st_mtime_ns for path in written(new)}
    assert 0 < len(finished) < count
    assert not list(new.glob(f".*{atomic.TEMPORARY_SUFFIX}"))
    outcome = project.run(*words)
    assert f"{words[0]}: {count - len(finished)}/{count - len(finished)}" in outcome.err
    assert all(path.stat().st_mtime_ns == time for path, time in finished.items())
    assert project.run(*words[:-1], "whole").status == 0
    assert results(new) == results(project.root / "whole")


@pytest.mark.parametrize("words", [PHOTOGRAPHS, STAGE])
def test_a_killed_worker_costs_the_image_it_works_on(
    project: Project, many: int, shots: list[Path], start: Callable[..., Program], words: tuple[str, ...]
) -> None:
    new, count = project.root / "new", many if words == STAGE else len(shots)
    program = start(*words)
    program.wait_for(partial(pool_workers, program))[0].kill()  # it was started for an image
    assert program.end() == 1
    told = program.output()[program.output().index("seco: ") :]
    (lost,) = re.findall(r"^  (\w+): the process that made its mask was killed: is the machine short of", told, re.M)
    assert told.startswith("seco: 1 of the images have no result, the others are done in new; run the command again")
    assert len(written(new)) == count - 1
    assert not (new / f"{lost}.png").exists()
    outcome = project.run(*words)
    assert outcome.status == 0
    assert f"{words[0]}: 1/1" in outcome.err
    assert len(written(new)) == count
