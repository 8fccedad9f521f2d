"""Folders that cannot be written and disks that are full: one sentence, and what stood there stays."""

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pipeline.conftest import Project

OUTPUTS = [
    ("generate", "--output"),
    ("prepare", "--output"),
    ("train", "--output"),
    ("train", "--curves"),
    ("train", "--resume"),
    ("export-cams", "--cams"),
    ("export-masks", "--masks"),
    ("refine", "--output"),
    ("predict", "--output"),
    ("evaluate", "--output"),
]


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file grow beyond some bytes: the system itself refuses the rest, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("stage", "option"), OUTPUTS)
def test_a_file_where_a_folder_should_be(project: Project, stage: str, option: str) -> None:
    (project.root / "taken").write_text("a file")
    told = project.refusal(stage, option, "taken/deeper")
    assert "taken" in told
    assert told.count("\n") == 0


def test_training_finds_out_before_its_first_step(project: Project) -> None:
    (project.root / "taken").write_text("a file")
    assert "train: " not in project.run("train", "--output", "taken/deeper").err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.parametrize(("stage", "option"), OUTPUTS)
def test_a_folder_without_permission(project: Project, stage: str, option: str) -> None:
    (project.root / "closed").mkdir(mode=0o500)
    assert "closed" in project.refusal(stage, option, "closed/deeper")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
@pytest.mark.parametrize(("stage", "option"), OUTPUTS)
def test_a_folder_that_nobody_may_write_to(project: Project, stage: str, option: str) -> None:
    assert "/proc/" in project.refusal(stage, option, "/proc/seco")


@pytest.mark.parametrize(
    ("stage", "limit", "besides"),
    [
        ("prepare", 200, ()),
        ("train", 100_000, ("reports/train/",)),
        ("evaluate", 2_000, ()),
    ],
)
def test_a_full_disk_leaves_the_old_result(project: Project, stage: str, limit: int, besides: tuple[str, ...]) -> None:
    with full_disk(limit):
        told = project.refusal(stage, besides=besides)
    assert "File too large" in told
    assert "free some disk space" in told


def test_a_full_disk_under_the_state_of_a_run(project: Project) -> None:
    project.set(**{"train.checkpoint_every": 1})
    with full_disk(100_000):
        told = project.refusal("train", besides=("reports/train/",))
    assert told.startswith("cannot write .seco/resume/")
    assert "/step-00000001.pt: File too large; free some disk space" in told


def test_a_full_disk_under_new_scenes(project: Project) -> None:
    project.set(**{"generate.train_images": 2, "generate.val_images": 1, "generate.image_size": 64})
    with full_disk(100):
        told = project.refusal("generate")
    assert "File too large" in told


@pytest.mark.parametrize("stage", ["export-cams", "export-masks", "refine", "predict"])
def test_a_disk_that_fills_up_between_two_images(project: Project, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {
        "export-cams": "data/export/cams",
        "export-masks": "data/export/seeds",
        "refine": "data/refine",
        "predict": "data/predict",
    }
    folder = project.root / outputs[stage]
    shutil.rmtree(folder)
    synced, sync = [0], os.fsync

    def fill_up(descriptor: int) -> None:
        synced[0] += 1
        if synced[0] > 4:  # each file and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fill_up)
    told = project.refusal(stage, besides=(f"{outputs[stage]}/",))
    assert told.startswith(f"cannot write {outputs[stage]}/")
    assert "No space left on device; free some disk space" in told
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2, "two whole files, no half one"
