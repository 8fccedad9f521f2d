"""One class, and images of nothing: every stage and command works, and no page compares the class with itself."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seco
from scenes.drawing.defects.sampling import CLASSES
from scenes.drawing.writer import write_demo
from seco.storage.manifest import read_manifest
from tests.imports import ROOT
from tests.pipeline.conftest import STAGES, Outcome, Project
from tests.settings import SHORT, change_settings

CHANGES = SHORT | {
    "generate.kind": "defects",
    "prepare.root": "data/raw/defects",
    "prepare.classes": [*CLASSES],
    "negative_patches": "hard",
    "train.steps": 6,
}


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight training surfaces and four of each other split, some of them without a defect."""
    root = tmp_path_factory.mktemp("defects") / "data/raw/defects"
    write_demo(root, kind="defects", train_images=8, val_images=4, bias=0.6, image_size=80, seed=1)
    return root


@pytest.fixture
def project(surfaces: Path, tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A folder with settings for these surfaces."""
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/defects").symlink_to(surfaces)
    change_settings(tmp_path, CHANGES, source=ROOT)
    return open_project(tmp_path)


def done(project: Project, *words: str) -> Outcome:
    outcome = project.run(*words)
    assert outcome.status == 0, (words, outcome.err)
    return outcome


def test_every_stage_and_command_takes_one_class_and_images_of_nothing(project: Project) -> None:
    told = {stage: done(project, stage) for stage in STAGES}
    assert "Classes that share images" not in told["prepare"].out
    assert "train: weight_lig has no effect: L_LiG tells a class from the others" in told["train"].err
    page = (project.root / "reports/index.html").read_text(encoding="utf-8")
    report = (project.root / "reports/report.md").read_text(encoding="utf-8")
    for text in ("most alike", "Rank correlation", "What goes together", "single class"):
        assert text not in page + report, text
    assert "Where is background taken for the class?" in page
    manifest = read_manifest(project.root / "data/prepare")
    empty = [record for record in manifest.records if not record.labels]
    assert {"train", "val"} <= {record.split for record in empty}
    for record in empty:
        if record.split == "train":  # in other splits the classifier says what an image shows
            assert not np.asarray(Image.open(project.root / "data/export/seeds" / f"{record.id}.png")).any()
    scores = json.loads((project.root / "reports/metrics.json").read_text())
    assert 0 <= scores["cam_seed"]["train"]["miou"] <= 1
    done(project, "sweep")
    shutil.copytree(project.root / "reports", project.root / "other")
    done(project, "compare", ".", "other")
    done(project, "convert", "masks", "data/export/seeds", "--to", "coco", "--out", "out/masks.json")
    held = json.loads((project.root / "out/masks.json").read_text())
    assert [category["name"] for category in held["categories"]] == ["defect"]
    done(project, "export-onnx", "--out", "model.onnx")
    found = seco.load(project.root / "data/train").segment(empty[0].image)
    assert set(np.unique(found.mask)) <= {0, 1}


def test_a_class_in_every_image_and_one_in_none_are_told_before_training(project: Project) -> None:
    source = project.root / "data/raw/defects"
    notes = {path.name: path.read_text() for path in sorted((source / "Annotations").glob("train*.xml"))}
    labelled = next(text for text in notes.values() if "<object>" in text)
    own = project.root / "data/raw/own"
    for folder in source.iterdir():
        if folder.name != "Annotations":
            (own / folder.name).parent.mkdir(exist_ok=True)
            (own / folder.name).symlink_to(folder)
    (own / "Annotations").mkdir()
    for path in (source / "Annotations").iterdir():
        (own / "Annotations" / path.name).write_text(labelled if path.name in notes else "<annotation/>")
    project.set(**{"prepare.root": "data/raw/own"})
    told = done(project, "prepare").out.replace("\n", " ")
    assert "train: every image shows 'defect', so nothing tells it from its surroundings: add images" in told
    shown = sum("<object>" in path.read_text() for path in (source / "Annotations").glob("val_0*.xml"))
    images = "1 image" if shown == 1 else f"{shown} images"
    assert shown
    assert f"val: {images} with a mask that shows a class the labels do not name" in told
    for name in notes:
        (own / "Annotations" / name).write_text("<annotation/>")
    sentence = project.refusal("prepare", besides=("data/prepare", ".seco"))
    assert sentence == "no image of the split 'train' has a label, so there is nothing to learn: check the labels"


def test_what_is_drawn_goes_into_the_folder_of_its_kind(
    tmp_path: Path, open_project: Callable[[Path], Project]
) -> None:
    small = {"generate.train_images": 2, "generate.val_images": 1, "generate.image_size": 64}
    change_settings(tmp_path, SHORT | small, source=ROOT)
    project = open_project(tmp_path)
    for kind, words in (("demo", ()), ("defects", ()), ("defects", ("--output", "elsewhere"))):
        project.set(**{"generate.kind": kind})
        done(project, "generate", *words)
        folder = tmp_path / (words[-1] if words else f"data/raw/{kind}")
        assert len([*(folder / "JPEGImages").iterdir()]) == 4
        note = next((folder / "Annotations").iterdir()).read_text()
        assert f"<folder>{kind}</folder>" in note
    project.set(**{"generate.kind": "scratches"})
    assert "generate.kind: 'scratches' is not allowed: must be 'demo' or 'defects'" in project.refusal("generate")
