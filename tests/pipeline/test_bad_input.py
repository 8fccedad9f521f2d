"""Bad settings and bad data: one sentence, exit status 1, no traceback, nothing written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.storage.masks import write_mask
from tests.pipeline.conftest import Project

NEED_DATA = ("train", "export", "export-cams", "export-masks", "refine", "predict", "evaluate")
NEED_SETTINGS = ("generate", "prepare", *NEED_DATA, "pretrain")
VOC = "data/raw/demo"


def image(project: Project, position: int = 0) -> Path:
    return sorted((project.root / VOC / "JPEGImages").glob("train*.jpg"))[position]


def mask(project: Project) -> Path:
    return project.root / VOC / "SegmentationClass" / f"{image(project).stem}.png"


def annotation(project: Project) -> Path:
    return project.root / VOC / "Annotations" / f"{image(project).stem}.xml"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def use_unknown_value(path: Path) -> None:
    pixels = np.array(Image.open(path))
    pixels[0, 0] = 10
    write_mask(path, pixels)


def refusal_of_data(project: Project) -> str:
    """Return how `prepare` refuses; it writes only the list of problems and its cache of checked files."""
    return project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco/prepare/"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "params.yaml does not exist: run from the project's folder or give --params"),
        ("patch_size: [64\n", "params.yaml is not valid YAML: "),
    ],
)
@pytest.mark.parametrize("stage", NEED_SETTINGS)
def test_every_stage_refuses_bad_settings(project: Project, stage: str, content: str | None, sentence: str) -> None:
    path = project.root / "params.yaml"
    path.unlink() if content is None else path.write_text(content)
    assert project.refusal(stage).startswith(sentence)


def test_all_problems_of_the_settings_are_in_one_list(project: Project) -> None:
    project.set(patch_size="64", **{"train.steps": True, "backbone.pretrained": 1})
    path = project.root / "params.yaml"
    path.write_text(f"{path.read_text()}\npatchsize: 64\n")
    assert project.refusal("train").splitlines() == [
        "params.yaml has 4 problems:",
        "  patch_size: '64' is not allowed: must be a valid integer",
        "  backbone.pretrained: 1 is not allowed: must be a valid boolean or a valid string",
        "  train.steps: True is not allowed: must be a valid integer",
        "  patchsize: this key is unknown: did you mean patch_size?",
    ]


def test_a_missing_data_folder_is_named(project: Project) -> None:
    project.set(**{"prepare.root": "data/raw/elsewhere"})
    assert project.refusal("prepare").startswith("the data folder data/raw/elsewhere does not exist: ")


@pytest.mark.parametrize(
    ("file", "damage", "sentence"),
    [
        (image, Path.unlink, "{name} does not exist (nor in data/raw/demo): restore it or take it off the list"),
        (image, truncate, "{name} is truncated or damaged"),
        (mask, lambda path: write_mask(path, np.zeros((8, 12), np.uint8)), "{name} is 12x8 pixels but its image is"),
        (mask, use_unknown_value, "holds the value 10, but class ids are 0..9 and 255 (ignore)"),
        (annotation, Path.unlink, "has no label"),
        (
            annotation,
            lambda path: path.write_text("<annotation><object><name>hors</name></object></annotation>"),
            "the class 'hors' is unknown: did you mean 'horse'?",
        ),
    ],
)
def test_bad_data_are_named(
    project: Project, file: Callable[[Project], Path], damage: Callable[[Path], object], sentence: str
) -> None:
    path = file(project)
    damage(path)
    assert sentence.format(name=path.name) in refusal_of_data(project)


def test_all_problems_of_the_data_are_in_one_list(project: Project) -> None:
    truncate(image(project, 1))
    annotation(project).unlink()
    lines = refusal_of_data(project).splitlines()
    assert lines[0] == "the data has 2 problems:"
    assert len(lines) == 4


@pytest.mark.parametrize("stage", NEED_DATA)
def test_every_stage_refuses_a_missing_manifest(project: Project, stage: str) -> None:
    for path in (project.root / "data/prepare").iterdir():
        path.unlink()
    assert project.refusal(stage).endswith("is missing: run `seco prepare`")


@pytest.mark.parametrize(
    ("stage", "workers", "output"),
    [
        ("train", 0, "reports/train/"),
        ("train", 1, "reports/train/"),
        ("export-cams", 0, "data/export/cams/"),
        ("refine", 0, "data/refine/"),
    ],
)
def test_an_image_that_breaks_after_prepare_is_named(project: Project, stage: str, workers: int, output: str) -> None:
    project.set(**{"train.num_workers": workers})
    truncate(image(project, 3))
    told = project.refusal(stage, besides=(output,))
    assert told.startswith(f"{VOC}/JPEGImages/{image(project, 3).name} is truncated or damaged")
    assert "\n" not in told


@pytest.mark.parametrize("root", ["data", ".", "..", "data/prepare", "reports", "data/refine/sub", ".seco", "link"])
def test_a_data_folder_around_or_inside_results_is_refused(project: Project, root: str) -> None:
    (project.root / "link").symlink_to("data")
    (project.root / "data/refine/sub").mkdir(parents=True)
    for place in (root, str(project.root / root)):
        project.set(**{"prepare.root": place})
        told = project.refusal("prepare")
        assert told.startswith(f"prepare.root: the data folder {place} and ")
        assert told.endswith("overlap: give the data a folder of its own, such as data/raw/NAME")


def test_prepare_tells_what_a_later_stage_would_lack_and_keeps_the_old_manifest(project: Project) -> None:
    mask(project).unlink()
    project.set(method="full")
    assert refusal_of_data(project).splitlines()[:2] == [
        "the settings do not fit the data:",
        "  method: 1 of 8 training images have no mask, which full supervision needs, such as "
        f"{image(project).stem!r}: add it, or choose another method",
    ]


def test_train_tells_what_a_later_stage_would_lack_before_its_first_step(project: Project) -> None:
    lists = {"train": "train", "valid": "val"}
    project.set(**{"prepare.lists": lists, "predict.splits": ["valid"], "refine.splits": ["train"]})
    assert project.run("prepare").status == 0
    project.set(**{"prepare.lists": lists | {"val": "val_unbiased"}, "predict.splits": ["val"]})
    assert project.refusal("train") == (
        "the settings do not fit the data:\n  predict.splits: no image is in the split 'val': did you mean valid?"
    )


def test_a_split_that_the_manifest_lacks_is_named(project: Project) -> None:
    lists = {"train": "train", "held_out": "val"}
    project.set(**{"prepare.lists": lists, "predict.splits": ["held_out"], "refine.splits": ["train"]})
    assert project.refusal("predict").startswith("the manifest has no split 'held_out': choose one of train, val")
