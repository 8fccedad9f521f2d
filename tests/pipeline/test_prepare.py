"""`seco prepare`: what it writes and says; strict or not; what it need not do twice."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from seco.storage.manifest import read_manifest
from tests.pipeline.conftest import Project


def spoil(project: Project, count: int) -> list[Path]:
    """Cut the first training photographs short; return them."""
    paths = sorted((project.root / "data/raw/demo/JPEGImages").glob("train*.jpg"))[:count]
    for path in paths:
        path.write_bytes(path.read_bytes()[:100])
    return paths


def listed_problems(project: Project) -> list[str]:
    with (project.root / "data/prepare/problems.csv").open(newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


def test_it_says_what_the_data_holds(project: Project) -> None:
    outcome = project.run("prepare")
    assert outcome.status == 0
    lines = [line.strip() for line in outcome.out.splitlines()]
    assert {"Images", "Images of each class", "Classes that share images"} <= set(lines)
    assert "│ train        │      8 │         8 │" in outcome.out
    assert listed_problems(project) == []


def test_strict_is_the_default_and_lists_every_problem(project: Project) -> None:
    paths = spoil(project, 7)
    manifest = (project.root / "data/prepare/manifest.csv").read_bytes()
    told = project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco/prepare/"))
    assert told.startswith("the data has 7 problems:\n")
    assert told.endswith("(all in data/prepare/problems.csv; `seco prepare --skip-bad` leaves them out)")
    assert listed_problems(project) == [str(path.relative_to(project.root)) for path in paths]
    assert (project.root / "data/prepare/manifest.csv").read_bytes() == manifest, "the old result stays"


@pytest.mark.parametrize("by", ["option", "setting"])
def test_bad_images_can_be_left_out(project: Project, by: str) -> None:
    bad = {path.stem for path in spoil(project, 2)}
    if by == "setting":
        project.set(**{"prepare.skip_bad": True})
    outcome = project.run("prepare", *(["--skip-bad"] if by == "option" else []))
    assert outcome.status == 0
    assert "problems: 2; the images concerned are left out" in outcome.out
    records = read_manifest(project.root / "data/prepare").records
    assert len(records) == 8 + 2 + 2 - 2
    assert bad.isdisjoint(record.id for record in records)
    assert len(listed_problems(project)) == 2


def test_strict_overrules_the_setting(project: Project) -> None:
    spoil(project, 1)
    project.set(**{"prepare.skip_bad": True})
    assert project.run("prepare", "--strict").status == 1


def test_mended_data_leave_no_old_problem(project: Project) -> None:
    (path,) = spoil(project, 1)
    assert project.run("prepare").status == 1
    Image.new("RGB", (80, 60)).save(path)
    mask = project.root / "data/raw/demo/SegmentationClass" / f"{path.stem}.png"
    Image.new("P", (80, 60)).save(mask)
    assert project.run("prepare").status == 0
    assert listed_problems(project) == []


def test_where_all_is_bad_there_is_nothing_to_learn_from(project: Project) -> None:
    spoil(project, 8)
    told = project.refusal("prepare", "--skip-bad", besides=("data/prepare/problems.csv", ".seco/prepare/"))
    assert told == "no image is in the split 'train', so there is nothing to learn from: correct the splits"


def test_a_second_run_opens_no_image_and_writes_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.run("prepare").status == 0
    before = project.files()
    monkeypatch.setattr(Image, "open", None)
    assert project.run("prepare").status == 0
    assert project.files() == before


def test_what_is_kept_may_be_deleted(project: Project) -> None:
    before = project.files()
    for path in (project.root / ".seco/prepare").iterdir():
        path.unlink()
    assert project.run("prepare").status == 0
    assert project.files().keys() == before.keys()
