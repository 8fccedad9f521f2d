"""An image without a class gets masks of background in every stage."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from seco.inference.cam_store import read_cam
from tests.pipeline.conftest import Project


@pytest.fixture
def unlabelled(project: Project) -> str:
    """The id of an image whose labels are taken away, under a model that predicts no class."""
    path = project.root / "data/prepare/manifest.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[1]["labels"] = ""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    weights = load_file(project.root / "data/train/model.safetensors")
    weights["classifier.weight"] = torch.zeros_like(weights["classifier.weight"])
    save_file(weights, project.root / "data/train/model.safetensors")
    return rows[1]["id"]


def test_every_stage_takes_an_image_without_labels(project: Project, unlabelled: str) -> None:
    for stage in ("export", "refine", "evaluate"):
        assert project.run(stage).status == 0, stage
    assert read_cam(project.root / "data/export/cams", unlabelled).maps.shape[0] == 0
    for folder in ("export/seeds", "refine"):
        assert not np.asarray(Image.open(project.root / "data" / folder / f"{unlabelled}.png")).any()


def test_training_takes_an_image_without_labels(project: Project, unlabelled: str) -> None:
    project.set(**{"train.steps": 5, "train.batch_size": 2})
    assert project.run("train").status == 0


def test_images_of_nothing_go_through_all_stages(project: Project) -> None:
    annotations = sorted((project.root / "data/raw/demo/Annotations").glob("train*.xml"))
    for path in annotations[1:]:
        path.write_text("<annotation/>")
    project.set(**{"train.steps": 12, "train.batch_size": 2, "train.warmup_steps": 1})
    for stage in ("prepare", "train", "export", "refine", "predict", "evaluate"):
        outcome = project.run(stage)
        assert outcome.status == 0, (stage, outcome.err)
    for path in annotations[1:]:
        for folder in ("export/seeds", "refine"):
            assert not np.asarray(Image.open(project.root / "data" / folder / f"{path.stem}.png")).any()
