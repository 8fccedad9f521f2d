"""Folders that cannot be written and full disks: one sentence, and the old files stay."""

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from seco.storage import atomic
from seco.storage.run_note import RUN_FILE
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
    """Limit the size of files in bytes: the system refuses the rest, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("place", ["taken", "closed", "/proc"])
@pytest.mark.parametrize(("stage", "option"), OUTPUTS)
def test_a_folder_that_cannot_be_made_is_named(project: Project, stage: str, option: str, place: str) -> None:
    (project.root / "taken").write_text("a file")
    if place == "closed":
        if os.geteuid() == 0:
            pytest.skip("the superuser may write anywhere")
        (project.root / "closed").mkdir(mode=0o500)
    if place == "/proc" and not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    told = project.refusal(stage, option, f"{place}/deeper")
    assert place in told
    assert "\n" not in told


def test_training_checks_its_folder_before_the_first_step(project: Project) -> None:
    (project.root / "taken").write_text("a file")
    assert "train: " not in project.run("train", "--output", "taken/deeper").err


@pytest.mark.parametrize(
    ("stage", "limit", "besides"),
    [("prepare", 200, ()), ("train", 100_000, ("reports/train/",)), ("evaluate", 2_000, ())],
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


@pytest.mark.parametrize(
    ("stage", "output"), [("export-cams", "data/export/cams"), ("export-masks", "data/export/seeds")]
)
def test_a_disk_that_fills_up_after_two_images_leaves_two_whole_files(
    project: Project, stage: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, publish = project.root / output, atomic.publish
    shutil.rmtree(folder)

    def fill_up(temporary: Path, path: Path) -> None:
        if len(files_below(folder)) > 2:  # the third is the temporary file
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        publish(temporary, path)

    monkeypatch.setattr(atomic, "publish", fill_up)
    told = project.refusal(stage, besides=(f"{output}/",))
    assert told.startswith(f"cannot write {output}/")
    assert "No space left on device; free some disk space" in told
    assert len(files_below(folder)) == 2


@pytest.mark.parametrize("output", ["data/refine", "data/predict/multi_scale"])
def test_a_mask_that_a_worker_cannot_write_is_one_sentence(project: Project, output: str) -> None:
    folder, stage = project.root / output, output.split("/")[1]
    taken = sorted(path.name for path in folder.iterdir())[1]
    shutil.rmtree(folder)
    (folder / taken).mkdir(parents=True)
    told = project.refusal(stage, besides=(f"data/{stage}/",))
    assert told.startswith(f"cannot write {output}/{taken}: Is a directory")
    for path in files_below(folder):
        Image.open(path).load()


def files_below(folder: Path) -> list[Path]:
    """Return the files in a folder of results, without the note of their run."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != RUN_FILE]
