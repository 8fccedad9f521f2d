"""`seco prepare`: what it writes and prints, with and without bad images, and that a second run decodes nothing."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from seco.storage.manifest import read_manifest
from tests.pipeline.conftest import Project

LEFT_BEHIND = ("data/prepare/problems.csv", ".seco/prepare/")


def spoil(project: Project, count: int) -> list[Path]:
    """Cut the first training photographs short; return them."""
    paths = sorted((project.root / "data/raw/demo/JPEGImages").glob("train*.jpg"))[:count]
    for path in paths:
        path.write_bytes(path.read_bytes()[:100])
    return paths


def listed_problems(project: Project) -> list[str]:
    with (project.root / "data/prepare/problems.csv").open(newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


def test_the_content_of_the_data_is_printed(project: Project) -> None:
    outcome = project.run("prepare")
    assert outcome.status == 0
    titles = {"Images", "Images of each class", "Classes that share images"}
    assert titles <= {line.strip() for line in outcome.out.splitlines()}
    assert "│ train        │      8 │         8 │" in outcome.out
    assert listed_problems(project) == []


def test_problems_stop_it_by_default_until_they_are_mended(project: Project) -> None:
    paths = spoil(project, 7)
    told = project.refusal("prepare", besides=LEFT_BEHIND)
    assert told.startswith("the data has 7 problems:\n")
    assert told.endswith("(all in data/prepare/problems.csv; `seco prepare --skip-bad` leaves them out)")
    assert listed_problems(project) == [str(path.relative_to(project.root)) for path in paths]
    for path in paths:
        Image.new("RGB", (80, 60)).save(path)
        Image.new("P", (80, 60)).save(project.root / "data/raw/demo/SegmentationClass" / f"{path.stem}.png")
    assert project.run("prepare").status == 0
    assert listed_problems(project) == []


@pytest.mark.parametrize("by", ["option", "setting"])
def test_bad_images_can_be_left_out(project: Project, by: str) -> None:
    bad = {path.stem for path in spoil(project, 2)}
    if by == "setting":
        project.set(**{"prepare.skip_bad": True})
        assert project.run("prepare", "--strict").status == 1
    outcome = project.run("prepare", *(["--skip-bad"] if by == "option" else []))
    assert outcome.status == 0
    assert "problems: 2; the images concerned are left out" in outcome.out
    records = read_manifest(project.root / "data/prepare").records
    assert len(records) == 8 + 2 + 2 - 2
    assert bad.isdisjoint(record.id for record in records)
    assert len(listed_problems(project)) == 2


def test_without_a_sound_image_it_stops(project: Project) -> None:
    spoil(project, 8)
    told = project.refusal("prepare", "--skip-bad", besides=LEFT_BEHIND)
    assert told == "no image is in the split 'train', so there is nothing to learn from: correct the splits"


def test_a_second_run_decodes_no_image_and_writes_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.run("prepare").status == 0
    before = project.files()
    with monkeypatch.context() as patch:
        patch.setattr(Image, "open", None)
        assert project.run("prepare").status == 0
    assert project.files() == before
    for path in (project.root / ".seco/prepare").iterdir():
        path.unlink()
    assert project.run("prepare").status == 0
    assert project.files() == before
