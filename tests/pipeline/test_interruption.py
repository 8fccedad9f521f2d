"""Ctrl-C on a terminal, which every process of the command gets: exit status 130 and no traceback."""

import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from seco.storage.manifest import Manifest, Record, read_manifest, write_manifest
from tests.imports import ROOT
from tests.pipeline.conftest import Project


def interrupt(project: Project, *words: str, once: str) -> tuple[int, str]:
    """Start a command in a process group of its own; once a file matches a pattern, interrupt the whole group."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words],
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )
    patience = time.monotonic() + 60
    while not any(project.root.glob(once)):
        assert command.poll() is None, command.communicate()[0]
        assert time.monotonic() < patience
        time.sleep(0.05)
    os.killpg(command.pid, signal.SIGINT)
    try:
        told, _ = command.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(command.pid, signal.SIGKILL)
        command.communicate()
        raise
    return command.returncode, told


def _heed_interrupts() -> None:
    """Undo what a shell does to the commands it runs in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def many_times(manifest: Manifest, count: int) -> Manifest:
    records = [
        Record(
            f"{record.id}_{copy}", record.image, record.mask, record.labels, record.split, record.width, record.height
        )
        for record in manifest.records
        for copy in range(count)
    ]
    return Manifest(tuple(records), manifest.class_names)


def test_training_stops_quietly_and_keeps_its_state(project: Project) -> None:
    project.set(**{"training.steps": 100_000, "training.num_workers": 1, "training.checkpoint_every": 1})
    status, told = interrupt(project, "train", "--output", "new", once=".seco/resume/*/state.pt")
    assert status == 130
    assert "Traceback" not in told
    assert not any((project.root / "new").iterdir())
    assert [path.name for path in project.root.glob(".seco/resume/*/*")] == ["state.pt"]


def test_refinement_stops_quietly_and_leaves_whole_masks(project: Project) -> None:
    manifest = many_times(read_manifest(project.root / "data/prepared"), 1000)
    write_manifest(project.root / "data/many", manifest, summary={})
    status, told = interrupt(project, "refine", "--data", "data/many", "--output", "new", once="new/*.png")
    assert status == 130
    assert "Traceback" not in told
    for path in (project.root / "new").iterdir():
        Image.open(path).load()


@pytest.mark.parametrize("stage", ["prepare", "export-masks", "predict", "evaluate"])
def test_other_stages_stop_quietly(project: Project, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    before = project.files()
    outcome = project.run(stage)
    assert outcome.status == 130
    assert "Traceback" not in outcome.err
    assert project.files() == before
