"""docs/your-own-images.md, followed word by word."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from PIL import Image

from seco.storage.manifest import Manifest, read_manifest
from tests.clone import SMALL, change_settings, clone, succeed
from tests.data.trees import add_mask, add_photo
from tests.imports import ROOT

PAGE = (ROOT / "docs/your-own-images.md").read_text(encoding="utf-8")
PLACE = "data/raw/own-images"
SIZE = (64, 48)
SCALE = {key: value for key, value in SMALL.items() if not key.startswith("generate.")} | {
    "patch_size": 32,
    "backbone.name": "vit_tiny_patch16_224",
    "refine.scales": [1.0],
    "export.batch_size": 4,
}


class Block(NamedTuple):
    """A block of the page in a fence."""

    section: str
    kind: str
    text: str


def blocks() -> Iterator[Block]:
    section, fence = "", None
    for line in PAGE.splitlines():
        if fence is None and line.startswith("## "):
            section = line.removeprefix("## ")
        if line.lstrip().startswith("```"):
            if fence is None:
                fence = (len(line) - len(line.lstrip()), line.strip("` "), [])
            else:
                yield Block(section, fence[1], "".join(f"{text}\n" for text in fence[2]))
                fence = None
        elif fence is not None:
            fence[2].append(line[fence[0] :])


BLOCKS = list(blocks())


def blocks_of(section: str, kind: str) -> list[str]:
    """Return the blocks of a kind in the section whose heading starts so; there is at least one."""
    found = [block.text for block in BLOCKS if block.section.startswith(section) and block.kind == kind]
    assert found, (section, kind)
    return found


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def take_photographs(folder: Path) -> None:
    """Write every photograph that a CSV or JSON of the page names."""
    names = {row["image"] for block in BLOCKS if block.kind == "csv" for row in rows(block.text)}
    for name in sorted(names):
        add_photo(folder / name, size=SIZE)


def settings_of(text: str) -> dict[str, Any]:
    return {f"dataset.{key}": value for key, value in yaml.safe_load(text)["dataset"].items()}


def prepare(project: Path) -> Manifest:
    succeed("seco", "prepare", cwd=project)
    return read_manifest(project / "data/prepare")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the first section was followed, at a small size."""
    project = clone(tmp_path_factory.mktemp("own") / "seco")
    commands = [line for text in blocks_of("From photographs", "bash") for line in text.splitlines()]
    assert commands == ["seco recipe use own-images", f"mkdir -p {PLACE}/photos", "seco prepare", "dvc repro"]
    succeed(*commands[0].split(), "--force", cwd=project)
    change_settings(project, SCALE)
    succeed(*commands[1].split(), cwd=project)
    take_photographs(project / PLACE)
    (project / PLACE / "images.csv").write_text(blocks_of("From photographs", "csv")[0])
    for command in commands[2:]:
        succeed(*command.split(), cwd=project)
    return project


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, to go on with."""
    return Path(shutil.copytree(finished, tmp_path / "seco", symlinks=True))


def test_photographs_become_masks_without_a_mask_to_learn_from(finished: Path) -> None:
    manifest = read_manifest(finished / "data/prepare")
    listed = rows(blocks_of("From photographs", "csv")[0])
    assert len(manifest.records) == len(listed) == 10
    assert manifest.class_names == ("cat", "dog", "person", "sofa")
    assert len(manifest.split("val")) in (2, 3), "one in five, if labels allow"
    for split, folder in (("train", "masks/refined"), ("val", "predictions/crf")):
        for record in manifest.split(split):
            with Image.open(finished / "data" / folder / f"{record.id}.png") as mask:
                assert mask.size == SIZE
                assert set(np.unique(np.asarray(mask))) <= {0, 1, 2, 3, 4, 255}


def test_the_report_says_what_it_cannot_measure_and_shows_pictures(finished: Path) -> None:
    notes = json.loads((finished / "reports/metrics.json").read_text())["notes"]
    assert "segmentation, crf (val): no image has a truth mask, so mIoU and confusion cannot be measured" in notes
    for split in ("train", "val"):
        assert (finished / f"reports/figures/overview_{split}.png").is_file()
    assert "no image has a truth mask" in succeed("seco", "summary", cwd=finished)


def test_dvc_notices_a_changed_photograph_and_nothing_else(project: Path) -> None:
    assert "Data and pipelines are up to date." in succeed("dvc", "repro", cwd=project)
    photo = project / PLACE / "photos/rex.jpg"
    photo.write_bytes(photo.read_bytes() + b" ")
    assert "Running stage 'prepare'" in succeed("dvc", "repro", "prepare", cwd=project)


def test_splits_of_ones_own(project: Path) -> None:
    (text,) = blocks_of("Splits", "csv")
    (project / PLACE / "images.csv").write_text(text)
    manifest = prepare(project)
    assert [(record.id, record.split) for record in manifest.records] == [
        ("rex", "train"),
        ("home", "val"),
        ("walk", "test"),
    ]
    for split in ("train", "val"):
        kept = [line for line in text.splitlines() if line.endswith((",split", f",{split}"))]
        (project / PLACE / f"{split}.csv").write_text("".join(f"{line.rpartition(',')[0]}\n" for line in kept))
    change_settings(project, settings_of(blocks_of("Splits", "yaml")[0]))
    assert [(record.id, record.split) for record in prepare(project).records] == [("rex", "train"), ("home", "val")]


def test_masks_for_scores(project: Path) -> None:
    (project / PLACE / "images.csv").write_text(blocks_of("Masks", "csv")[0])
    add_mask(project / PLACE / "masks/home.png", [0, 3, 4, 255], size=SIZE)
    change_settings(project, settings_of(blocks_of("Masks", "yaml")[0]))
    manifest = prepare(project)
    assert manifest.class_names == ("cat", "dog", "person", "sofa")
    assert [record.mask for record in manifest.records] == [None, project / PLACE / "masks/home.png"]


def test_a_folder_for_each_class(project: Path) -> None:
    place = project / PLACE
    (place / "images.csv").unlink()
    shutil.rmtree(place / "photos")
    for name in re.findall(r"`data/raw/own-images/(\w+)/…`", PAGE):
        for number in range(3):
            add_photo(place / name / f"{number}.jpg")
    change_settings(project, settings_of(blocks_of("A folder", "yaml")[0]))
    manifest = prepare(project)
    assert manifest.class_names == ("cat", "dog")
    assert {record.id: record.labels for record in manifest.records}["dog/1"] == ("dog",)


def test_a_json_file_of_cocos_form(project: Path) -> None:
    (project / PLACE / "annotations.json").write_text(blocks_of("A JSON", "json")[0])
    change_settings(project, settings_of(blocks_of("A JSON", "yaml")[0]))
    for seed in range(2):  # DVC deletes what the first run wrote before the second, but not the masks that are kept
        change_settings(project, {"prepare.split_seed": seed})
        assert "Running stage 'prepare'" in succeed("dvc", "repro", "prepare", cwd=project)
        assert len(list(project.glob(".seco/prepare/masks/*/*.png"))) == 1
    manifest = read_manifest(project / "data/prepare")
    assert [(record.id, record.labels) for record in manifest.records] == [("rex", ("dog",)), ("kitten", ("cat",))]
    rex, kitten = (record.mask for record in manifest.records)
    assert kitten is None
    assert rex is not None
    with Image.open(rex) as mask:
        assert np.count_nonzero(np.asarray(mask) == 1) == 40 * 30


def test_the_page_says_what_prepare_does(project: Path) -> None:
    (project / PLACE / "photos/rex.jpg").write_bytes(b"")
    add_photo(project / PLACE / "photos/home.jpg", size=SIZE)
    printed = succeed("seco", "prepare", "--skip-bad", cwd=project)
    assert "problems: 1; the images concerned are left out" in printed
    with (project / "data/prepare/problems.csv").open(newline="") as file:
        (problem,) = csv.DictReader(file)
    assert problem["file"] == f"{PLACE}/photos/rex.jpg"
    assert problem["problem"].endswith("photos/rex.jpg is empty: replace it or take it off the list")
    assert len(read_manifest(project / "data/prepare").records) == 9
