"""docs/your-own-images.md: its commands and files, followed word by word."""

import csv
import io
import json
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from seco.data.formats import FORMATS
from seco.storage.manifest import Manifest, read_manifest
from tests import pages
from tests.clone import SMALL_PROJECT, change_settings, clone, succeed
from tests.data.trees import add_mask, add_photo
from tests.imports import ROOT
from tests.pipeline.conftest import STAGES, run_stage

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs/your-own-images.md").read_text(encoding="utf-8")
PLACE = "data/raw/own-images"
SIZE = (64, 48)
SCALE = {key: value for key, value in SMALL_PROJECT.items() if not key.startswith("generate.")} | {
    "train.judge_tags": False,
    "refine.scales": [1.0],
}
block = partial(pages.block, PAGE)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def use_settings(project: Path, section: str) -> None:
    settings = yaml.safe_load(block(section, "yaml"))["prepare"]
    change_settings(project, {f"prepare.{key}": value for key, value in settings.items()})


def prepare(project: Path) -> Manifest:
    succeed("seco", "prepare", cwd=project)
    return read_manifest(project / "data/prepare")


def require_masks_by_all_stages(project: Path) -> None:
    """Run the stages after `prepare`, and check that the images of the predicted splits have masks."""
    for stage in STAGES[1:]:
        assert run_stage(project, stage) == 0, stage
    for record in read_manifest(project / "data/prepare").split("val"):
        assert (project / "data/predict/crf" / f"{record.id}.png").is_file()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the first section was followed, at a small size."""
    project = clone(tmp_path_factory.mktemp("own") / "seco")
    use, make_folder, *commands = block("From photographs", "bash").splitlines()
    assert (use, commands) == ("seco recipe use own-images", ["seco prepare", "dvc repro"])
    succeed(*use.split(), "--force", cwd=project)
    change_settings(project, SCALE)
    succeed(*make_folder.split(), cwd=project)
    for section in ("From photographs", "Splits", "Masks"):
        for row in rows(block(section, "csv")):
            add_photo(project / PLACE / row["image"], size=SIZE)
    (project / PLACE / "images.csv").write_text(block("From photographs", "csv"))
    for command in commands:
        succeed(*command.split(), cwd=project)
    return project


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "seco", symlinks=True))


def test_photographs_without_masks_get_masks(finished: Path) -> None:
    manifest = read_manifest(finished / "data/prepare")
    assert len(manifest.records) == len(rows(block("From photographs", "csv"))) == 11
    assert [record.id for record in manifest.records if not record.labels] == ["empty garden"]
    assert manifest.class_names == ("cat", "dog", "person", "sofa")
    assert len(manifest.split("val")) in (2, 3), "one in five, if labels allow"
    for split, folder in (("train", "refine"), ("val", "predict/crf")):
        for record in manifest.split(split):
            with Image.open(finished / "data" / folder / f"{record.id}.png") as mask:
                assert mask.size == SIZE
                assert set(np.unique(np.asarray(mask))) <= {0, 1, 2, 3, 4, 255}


def test_the_report_says_what_it_cannot_measure_and_shows_pictures(finished: Path) -> None:
    notes = json.loads((finished / "reports/metrics.json").read_text())["notes"]
    assert "segmentation, crf (val): no image has a truth mask, so mIoU and confusion cannot be measured" in notes
    assert {"overview_train.png", "overview_val.png"} <= {path.name for path in finished.glob("reports/figures/*")}
    assert "no image has a truth mask" in succeed("seco", "summary", cwd=finished)


def test_dvc_notices_a_changed_photograph_and_nothing_else(project: Path) -> None:
    assert "Data and pipelines are up to date." in succeed("dvc", "repro", cwd=project)
    photo = project / PLACE / "photos/rex.jpg"
    photo.write_bytes(photo.read_bytes() + b" ")
    assert "Running stage 'prepare'" in succeed("dvc", "repro", "prepare", cwd=project)


def test_splits_of_ones_own(project: Path) -> None:
    text, splits = block("Splits", "csv"), [("rex", "train"), ("home", "val"), ("walk", "test")]
    (project / PLACE / "images.csv").write_text(text)
    assert [(record.id, record.split) for record in prepare(project).records] == splits
    for split in ("train", "val"):
        kept = [line for line in text.splitlines() if line.endswith((",split", f",{split}"))]
        (project / PLACE / f"{split}.csv").write_text("".join(f"{line.rpartition(',')[0]}\n" for line in kept))
    use_settings(project, "Splits")
    assert [(record.id, record.split) for record in prepare(project).records] == splits[:2]
    require_masks_by_all_stages(project)


def test_a_line_for_each_label(project: Path) -> None:
    (project / PLACE / "images.csv").write_text(block("Other forms", "csv"))
    found = {record.id: record.labels for record in prepare(project).records}
    assert found["rex"] == ("dog", "sofa")
    assert sorted(found) == ["home", "kitten", "rex", "rex asleep", "walk"]


def test_a_column_for_each_class(project: Path) -> None:
    (project / PLACE / "images.csv").write_text(block("A column", "csv"))
    use_settings(project, "A column")
    manifest = prepare(project)
    assert manifest.class_names == ("cat", "dog")
    assert {record.id: record.labels for record in manifest.records} == {
        "rex": ("dog",),
        "kitten": ("cat",),
        "garden/lola and rex": ("cat", "dog"),
        "rex asleep": ("dog",),
        "empty garden": (),
    }


def test_the_format_is_recognised(project: Path) -> None:
    use_settings(project, "What annotation tools")
    printed = succeed("seco", "prepare", cwd=project)
    assert f"{PLACE} was read as csv: images.csv" in printed
    (project / PLACE / "images.csv").unlink()
    (project / PLACE / "annotations.json").write_text(block("A JSON", "json"))
    assert f"{PLACE} was read as json: annotations.json" in succeed("seco", "prepare", cwd=project)
    assert [record.id for record in read_manifest(project / "data/prepare").records] == [
        "rex",
        "kitten",
        "walk",
        "home",
        "rex asleep",
    ]


def test_every_format_is_on_the_page() -> None:
    (text,) = [part for part in PAGE.split("\n## ") if part.startswith("What annotation tools")]
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    named = re.findall(r"`(\w+)`", " ".join(first_cells))
    assert sorted([*named, "auto"]) == sorted(FORMATS)


def test_masks_for_scores(project: Path) -> None:
    (project / PLACE / "images.csv").write_text(block("Masks", "csv"))
    add_mask(project / PLACE / "masks/home.png", [0, 3, 4, 255], size=SIZE)
    use_settings(project, "Masks")
    manifest = prepare(project)
    assert manifest.class_names == ("cat", "dog", "person", "sofa")
    assert [record.mask for record in manifest.records] == [None, project / PLACE / "masks/home.png"]
    require_masks_by_all_stages(project)
    assert json.loads((project / "reports/metrics.json").read_text())["segmentation"].keys() == {"val"}


def test_a_folder_for_each_class(project: Path) -> None:
    (project / PLACE / "images.csv").unlink()
    shutil.rmtree(project / PLACE / "photos")
    for name in re.findall(r"`data/raw/own-images/(\w+)/…`", PAGE):
        for number in range(3):
            add_photo(project / PLACE / name / f"{number}.jpg")
    use_settings(project, "A folder")
    manifest = prepare(project)
    assert manifest.class_names == ("cat", "dog")
    assert {record.id: record.labels for record in manifest.records}["dog/1"] == ("dog",)
    require_masks_by_all_stages(project)


def test_a_json_file_in_cocos_format(project: Path) -> None:
    (project / PLACE / "annotations.json").write_text(block("A JSON", "json"))
    use_settings(project, "A JSON")
    for seed in range(2):  # before the second run DVC deletes what the first wrote, but not the cached masks
        change_settings(project, {"prepare.split_seed": seed})
        assert "Running stage 'prepare'" in succeed("dvc", "repro", "prepare", cwd=project)
        assert len(list(project.glob(".seco/prepare/masks/*/*.png"))) == 1
    rex, kitten, *others = read_manifest(project / "data/prepare").records
    assert [(record.id, record.labels) for record in (rex, kitten)] == [("rex", ("dog",)), ("kitten", ("cat",))]
    assert {record.mask for record in (kitten, *others)} == {None}
    assert rex.mask is not None
    with Image.open(rex.mask) as mask:
        assert np.count_nonzero(np.asarray(mask) == 1) == 40 * 30
    require_masks_by_all_stages(project)


def test_bad_photographs_are_listed_and_left_out(project: Path) -> None:
    (project / PLACE / "photos/rex.jpg").write_bytes(b"")
    printed = succeed("seco", "prepare", "--skip-bad", cwd=project)
    assert "problems: 1; the images concerned are left out" in printed
    (problem,) = rows((project / "data/prepare/problems.csv").read_text())
    assert problem["file"] == f"{PLACE}/photos/rex.jpg"
    assert problem["problem"].endswith("photos/rex.jpg is empty: replace it or take it off the list")
    assert len(read_manifest(project / "data/prepare").records) == 10
