"""Bad settings and bad data: one sentence, exit status 1, no traceback, nothing written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenes.drawing.bias import CLASSES as DEMO
from seco.storage.masks import write_mask
from tests.pipeline.conftest import Project

NEED_DATA = ("train", "export", "export-cams", "export-masks", "refine", "predict", "evaluate")
NEED_SETTINGS = ("generate", "prepare", *NEED_DATA, "pretrain")


def image(project: Project, position: int = 0) -> Path:
    return sorted((project.root / "data/raw/demo/JPEGImages").glob("train*.jpg"))[position]


def truth(project: Project) -> Path:
    return project.root / "data/raw/demo/SegmentationClass" / f"{image(project).stem}.png"


def annotation(project: Project) -> Path:
    return project.root / "data/raw/demo/Annotations" / f"{image(project).stem}.xml"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bad_data(project: Project) -> str:
    """Return how `prepare` refuses; nothing is written but the list of problems and what is known of sound files."""
    return project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco/prepare/"))


@pytest.mark.parametrize("stage", NEED_SETTINGS)
def test_missing_settings(project: Project, stage: str) -> None:
    (project.root / "params.yaml").unlink()
    told = project.refusal(stage)
    assert told == "params.yaml does not exist: run from the project's folder or give --params"


@pytest.mark.parametrize("stage", NEED_SETTINGS)
def test_settings_of_another_kind(project: Project, stage: str) -> None:
    (project.root / "params.yaml").write_text("patch_size: [64\n")
    assert project.refusal(stage).startswith("params.yaml is not valid YAML: ")


def test_all_faults_of_the_settings_in_one_list(project: Project) -> None:
    project.set(patch_size="64", **{"train.steps": True, "backbone.pretrained": 1})
    path = project.root / "params.yaml"
    path.write_text(path.read_text() + "\npatchsize: 64\n")
    assert project.refusal("train").splitlines() == [
        "params.yaml has 4 problems:",
        "  patch_size: '64' is not allowed: must be a valid integer",
        "  backbone.pretrained: 1 is not allowed: must be a valid boolean or a valid string",
        "  train.steps: True is not allowed: must be a valid integer",
        "  patchsize: this key is unknown: did you mean patch_size?",
    ]


def test_missing_data_folder(project: Project) -> None:
    project.set(**{"prepare.root": "data/raw/elsewhere"})
    assert project.refusal("prepare").startswith("the data folder data/raw/elsewhere does not exist: ")


def test_a_list_that_names_a_missing_image(project: Project) -> None:
    path = image(project)
    path.unlink()
    assert f"{path.name} does not exist: restore it or take it off the list" in bad_data(project)


def test_a_truncated_photograph(project: Project) -> None:
    truncate(image(project))
    assert f"{image(project).name} is truncated or damaged" in bad_data(project)


def test_a_mask_of_another_size(project: Project) -> None:
    write_mask(truth(project), np.zeros((8, 12), np.uint8))
    assert f"{truth(project).name} is 12x8 pixels but its image is" in bad_data(project)


def test_a_mask_with_a_value_that_is_no_class(project: Project) -> None:
    mask = np.array(Image.open(truth(project)))
    mask[0, 0] = len(DEMO) + 1
    write_mask(truth(project), mask)
    assert "holds the value 10, but class ids are 0..9 and 255 (ignore)" in bad_data(project)


@pytest.mark.parametrize("content", ["<annotation/>", None])
def test_an_image_without_a_label(project: Project, content: str | None) -> None:
    path = annotation(project)
    path.unlink() if content is None else path.write_text(content)
    assert "has no label" in bad_data(project)


def test_a_class_that_is_unknown(project: Project) -> None:
    annotation(project).write_text("<annotation><object><name>hors</name></object></annotation>")
    assert "the class 'hors' is unknown: did you mean 'horse'?" in bad_data(project)


def test_several_faults_of_the_data_in_one_list(project: Project) -> None:
    truncate(image(project, 1))
    annotation(project).unlink()
    lines = bad_data(project).splitlines()
    assert lines[0] == "the data has 2 problems:"
    assert len(lines) == 4


@pytest.mark.parametrize("stage", NEED_DATA)
def test_a_missing_manifest(project: Project, stage: str) -> None:
    for path in (project.root / "data/prepare").iterdir():
        path.unlink()
    assert project.refusal(stage).endswith("is missing: run `seco prepare`")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_photograph_that_breaks_while_training(project: Project, workers: int) -> None:
    project.set(**{"train.num_workers": workers})
    truncate(image(project, 3))
    told = project.refusal("train", besides=("reports/train/",))
    assert told.startswith(str(Path("data/raw/demo/JPEGImages") / f"{image(project, 3).name} is truncated or damaged"))
    assert told.count("\n") == 0


@pytest.mark.parametrize(("stage", "output"), [("export-cams", "data/export/cams/"), ("refine", "data/refine/")])
def test_a_photograph_that_breaks_before_masks_are_made(project: Project, stage: str, output: str) -> None:
    truncate(image(project, 3))
    told = project.refusal(stage, besides=(output,))
    assert f"{image(project, 3).name} is truncated or damaged" in told
    assert told.count("\n") == 0


def test_a_split_that_the_manifest_lacks(project: Project) -> None:
    project.set(**{"prepare.lists": {"train": "train", "held_out": "val"}, "predict.splits": ["held_out"]})
    project.set(**{"refine.splits": ["train"]})
    assert project.refusal("predict").startswith("the manifest has no split 'held_out': choose one of train, val")
