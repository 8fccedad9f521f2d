"""Commands that are asked to stop by a terminal, `timeout` or the death of DVC: they end quietly, with whole files."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seco.storage import atomic
from seco.storage.manifest import Manifest, read_manifest, write_manifest
from seco.training.checkpoint import read_checkpoint
from tests.pipeline.conftest import Project
from tests.processes import SECO, Program, wait_until

ENDLESS = {"train.steps": 100_000, "train.checkpoint_every": 100_000, "train.log_every": 1}
TRAIN = ("train", "--output", "new", "--curves", "log")
DVC = "import os, subprocess, sys; os.environ['DVC_STAGE'] = 'train'; subprocess.call(sys.argv[1:])"
HANGING = """
import pathlib, time
from pipeline.app import main
from seco.training import loading

def hang(path):
    pathlib.Path("reading").touch()
    time.sleep(600)

loading.read_image = hang
main()
"""
PRETRAIN = "pretrain --output new.safetensors --images 8 --size 64 --steps 9 --batch-size 1"
Start = Callable[..., Program]


def require_saved_step(project: Project) -> None:
    """Check that an interrupted run has left one state, with curves up to its step."""
    (folder,) = [path.parent for path in project.root.glob(".seco/resume/*/*.pt")]
    restored = read_checkpoint(folder)
    assert restored is not None
    assert restored.step >= 1
    assert [point["step"] for point in restored.state["curves"]] == list(range(1, restored.step + 1))
    assert not [path.name for path in folder.iterdir() if path.name.endswith(atomic.TEMPORARY_SUFFIX)]


def test_training_finishes_its_step_and_saves(project: Project, start: Start) -> None:
    project.set(**ENDLESS, **{"train.num_workers": 2})
    program = start(*TRAIN)
    program.wait_for((project.root / "log/metrics.json").exists)
    program.signal(signal.SIGINT)
    assert program.end() == 130
    assert program.output().endswith(
        "seco: finishing the step and saving; once more to stop at once\nseco: stopped (SIGINT)\n"
    )
    require_saved_step(project)
    assert not any((project.root / "new").iterdir())


def test_training_saves_and_ends_when_dvc_dies(project: Project, start: Start) -> None:
    project.set(**ENDLESS, **{"train.num_workers": 1})
    program = start(*TRAIN, command=(sys.executable, "-c", DVC, *SECO))
    program.wait_for((project.root / "log/metrics.json").exists)
    program.process.kill()
    program.end()
    assert program.output().endswith("seco: stopped (SIGTERM)\n")
    require_saved_step(project)


def test_a_second_signal_ends_training_in_the_middle_of_a_step(project: Project, start: Start) -> None:
    project.set(**ENDLESS, **{"train.num_workers": 0})
    program = start(*TRAIN, command=(sys.executable, "-c", HANGING))
    program.wait_for((project.root / "reading").exists)
    program.signal(signal.SIGINT)
    program.wait_for(lambda: "finishing the step" in program.output())

    def signal_again() -> bool:
        if program.process.poll() is None:
            program.signal(signal.SIGINT)
        return program.process.poll() is not None

    wait_until(signal_again, within=10)
    assert program.end() == 130
    assert not any(project.root.glob(".seco/resume/*/*.pt"))


def test_refinement_stops_and_leaves_whole_masks(project: Project, start: Start) -> None:
    manifest = read_manifest(project.root / "data/prepare")
    records = [replace(record, id=f"{record.id}_{copy}") for record in manifest.records for copy in range(1000)]
    write_manifest(project.root / "data/many", Manifest(tuple(records), manifest.class_names), summary={})
    program = start("refine", "--data", "data/many", "--output", "new")
    program.wait_for(lambda: any(project.root.glob("new/*.png")))
    program.signal(signal.SIGTERM)
    assert program.end() == 143
    assert program.output().endswith("seco: stopped (SIGTERM)\n")
    for path in (project.root / "new").glob("*.png"):
        Image.open(path).load()


def test_the_old_scenes_stay_when_drawing_is_stopped(project: Project, start: Start) -> None:
    project.set(**{"generate.train_images": 100_000})
    before = project.files()
    program = start("generate")
    program.wait_for(lambda: any(project.root.glob("data/raw/.demo.partial/fresh/JPEGImages/*.jpg")))
    program.signal(signal.SIGINT)
    assert program.end() == 130
    assert project.files() == before


@pytest.mark.parametrize(
    ("stage", "output"), [("prepare", "prepare"), ("export", "export"), ("export-masks", "export/seeds")]
)
def test_a_stage_finishes_its_first_file_and_begins_no_other(
    project: Project, stage: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(project.root / "data" / output)
    before, publish = project.files(), atomic.publish

    def publish_after_signal(temporary: Path, path: Path) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        publish(temporary, path)

    monkeypatch.setattr(atomic, "publish", publish_after_signal)
    outcome = project.run(stage)
    assert outcome.status == 143
    assert outcome.err.endswith("seco: stopped (SIGTERM)\n")
    assert "Traceback" not in outcome.err
    assert len(project.changed_files(before)) == 1


def test_pretraining_writes_nothing_when_stopped(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> float:
        os.kill(os.getpid(), signal.SIGINT)
        return 1.0

    monkeypatch.setattr("scenes.pretraining.learning_rate_factor", stop)
    before = project.files()
    outcome = project.run(*PRETRAIN.split())
    assert (outcome.status, outcome.err.endswith("seco: stopped (SIGINT)\n")) == (130, True)
    assert project.files() == before
