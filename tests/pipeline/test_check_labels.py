"""`seco check-labels` on a small project: spoilt labels are listed, and what it needs."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from seco.inference.cam_store import read_cam, write_cam
from seco.storage.manifest import read_manifest
from tests.pipeline.conftest import Project

WRITTEN = {f"reports/labels/{name}" for name in ("labels.csv", "classes.csv", "index.html")}


def change_manifest(root: Path, **of_split: str) -> None:
    """Give all images of a split the same labels."""
    path = root / "data/prepare/manifest.csv"
    with path.open(newline="") as file:
        rows = [row | {"labels": of_split.get(row["split"], row["labels"])} for row in csv.DictReader(file)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def contradicting(project: Project) -> tuple[str, str]:
    """Make the probabilities those of the labels, but for a class of the first image; return its id and that class."""
    manifest, cams = read_manifest(project.root / "data/prepare"), project.root / "data/export/cams"
    for record in manifest.split("train"):
        probabilities = np.array([0.9 if name in record.labels else 0.1 for name in manifest.class_names])
        if record is manifest.records[0]:
            probabilities[manifest.class_names.index(record.labels[0])] = 0.01
        cam = read_cam(cams, record.id)
        write_cam(cams, record.id, cam.class_ids, cam.maps, probabilities)
    return manifest.records[0].id, manifest.records[0].labels[0]


def test_it_lists_what_the_model_contradicts(project: Project) -> None:
    before = project.files()
    outcome = project.run("check-labels")
    assert outcome.status == 0, outcome.err
    assert project.changed_files(before) == WRITTEN
    listed = pd.read_csv(project.root / "reports/labels/labels.csv", keep_default_na=False)
    classes = pd.read_csv(project.root / "reports/labels/classes.csv")
    told = re.search(r"contradicts (\d+): (\d+) may be missing, (\d+) may be wrong", outcome.out)
    assert told is not None
    counts = [len(listed), *((listed["kind"] == kind).sum() for kind in ("missing", "wrong"))]
    assert list(map(int, told.groups())) == counts
    assert counts[1:] == [classes["missing"].sum(), classes["wrong"].sum()]
    page = (project.root / "reports/labels/index.html").read_text()
    assert page.count("data:image/webp") == 2 * len(listed) > 0


def test_cams_of_another_model_are_refused(project: Project) -> None:
    contradicting(project)
    assert "the CAMs are of another model, or of photographs that have changed" in project.refusal("check-labels")


def test_what_is_missing_is_said(project: Project) -> None:
    assert "is missing: run `seco prepare`" in project.refusal("check-labels", "--data", "nowhere")
    assert "there are no CAMs in nowhere: run `seco export-cams`" in project.refusal(
        "check-labels", "--cams", "nowhere"
    )
    assert "holds no trained model" in project.refusal("check-labels", "--model", "nowhere")
    assert "the manifest has no split 'test'" in project.refusal("check-labels", "--split", "test")
    change_manifest(project.root, val="")
    assert "no image of val has a label" in project.refusal("check-labels", "--split", "val")
    cams = project.root / "data/export/cams"
    cam = read_cam(cams, "train_00000")
    write_cam(cams, "train_00000", cam.class_ids, cam.maps)
    assert "the CAM of train_00000 in data/export/cams is without probabilities" in project.refusal("check-labels")
    (cams / "train_00000.npz").unlink()
    assert "train_00000.npz is missing: run `seco export-cams`" in project.refusal("check-labels")
    classes = project.root / "data/prepare/classes.csv"
    classes.write_text(classes.read_text().replace("aeroplane", "plane"))
    change_manifest(project.root, train="boat", val="boat", val_unbiased="boat")
    assert "the model in data/train knows the classes aeroplane" in project.refusal("check-labels")
