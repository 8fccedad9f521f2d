"""Every stage on a few photographs of PASCAL VOC: shapes, label sets, files and metrics. Accuracy is not the point."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from seco.data.class_sets import VOC
from seco.inference.cam_store import read_cam, stored_size
from seco.storage.manifest import Manifest, read_manifest
from seco.storage.masks import mask_path, read_mask
from seco.storage.model import read_model
from seco.studies.settings import changed
from tests.imports import ROOT
from tests.pipeline.conftest import run_stage

VOC_ROOT = os.environ.get("SECO_VOC_ROOT")
pytestmark = pytest.mark.skipif(VOC_ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")

COUNTS = {"train_aug": 12, "val": 4}
SETTINGS = {
    "prepare.root": "VOC2012",
    "prepare.classes": "voc",
    "prepare.lists": {"train": "train_aug", "val": "val"},
    "backbone.name": "vit_tiny_patch16_224",
    "backbone.depth": 2,
    "backbone.pretrained": False,
    "backbone.projector_width": 64,
    "patch_size": 64,
    "reservoir_size": 64,
    "train.steps": 4,
    "train.batch_size": 2,
    "train.crop_size": 224,
    "train.second_view_size": 112,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.tag_source_switch": 3,
    "train.log_every": 1,
    "train.checkpoint_every": 2,
    "train.num_workers": 1,
    "export.image_size": 224,
    "export.batch_size": 3,
    "refine.splits": ["train", "val"],
    "predict.splits": ["val"],
    "predict.image_size": 224,
    "predict.batch_size": 3,
    "evaluate.pictures": 2,
}


def make_subset(source: Path, root: Path) -> None:
    """Make a VOC tree of links to the first images of each list."""
    for folder in ("JPEGImages", "Annotations", "SegmentationClassAug", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for name, count in COUNTS.items():
        ids = (source / "ImageSets/Segmentation" / f"{name}.txt").read_text().split()[:count]
        (root / "ImageSets/Segmentation" / f"{name}.txt").write_text("\n".join(ids))
        for image_id in ids:
            for file in (f"JPEGImages/{image_id}.jpg", f"Annotations/{image_id}.xml"):
                (root / file).symlink_to(source / file)
            masks = (source / folder / f"{image_id}.png" for folder in ("SegmentationClassAug", "SegmentationClass"))
            (root / f"SegmentationClassAug/{image_id}.png").symlink_to(next(mask for mask in masks if mask.exists()))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage has run over the subset."""
    folder = tmp_path_factory.mktemp("voc")
    make_subset(Path(VOC_ROOT or "").resolve(), folder / "VOC2012")
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(changed(values, SETTINGS)))
    for stage in ("prepare", "train", "export", "refine", "predict", "evaluate"):
        assert run_stage(folder, stage) == 0, stage
    return folder


@pytest.fixture(scope="module")
def manifest(project: Path) -> Manifest:
    return read_manifest(project / "data/prepare")


def masks_of(project: Path, folder: str, record) -> np.ndarray:
    size = (record.width, record.height)
    return read_mask(mask_path(project / folder, record.id), num_classes=len(VOC), size=size)


def test_the_manifest_lists_the_photographs_with_sizes_and_labels(project: Path, manifest: Manifest) -> None:
    assert manifest.class_names == VOC
    assert [len(manifest.split(split)) for split in ("train", "val")] == [12, 4]
    for record in manifest.records:
        with Image.open(project / record.image) as image:
            assert image.size == (record.width, record.height)
        assert record.labels
    assert len({(record.width, record.height) for record in manifest.records}) > 1, "photographs differ in size"


def test_every_loss_is_finite_from_its_phase_on(project: Path) -> None:
    folder = project / "reports/train/plots/metrics/loss"
    first = {"total": 1, "cls": 1, "aux": 1, "ptc": 1, "lig": 2, "lil": 2, "seg": 3, "reg": 3}
    for name, step in first.items():
        lines = [line.split("\t") for line in (folder / f"{name}.tsv").read_text().splitlines()[1:]]
        steps, values = [int(line[0]) for line in lines], [float(line[-1]) for line in lines]
        assert set(range(step + 1, 5)) <= set(steps), name
        assert np.isfinite(values).all(), name


def test_the_model_has_the_classes_of_voc(project: Path) -> None:
    stored = read_model(project / "data/train")
    assert stored.class_names == VOC
    assert stored.settings["train"]["crop_size"] == 224
    assert stored.weights["classifier.weight"].shape[0] == 20
    assert list((project / ".seco/resume").iterdir()) == [], "a run that has ended leaves no state"


def test_cams_show_the_labels_at_a_quarter_of_the_size(project: Path, manifest: Manifest) -> None:
    for record in manifest.records:
        cam = read_cam(project / "data/export/cams", record.id)
        assert sorted(cam.class_ids) == sorted(manifest.label_ids(record))
        assert cam.maps.shape[1:] == stored_size(record.height, record.width)
        assert 0 <= cam.maps.min() <= cam.maps.max() <= 1


@pytest.mark.parametrize("folder", ["data/export/seeds", "data/refine"])
def test_masks_show_background_and_labels_at_the_images_size(project: Path, manifest: Manifest, folder: str) -> None:
    shown = set()
    for record in manifest.records:
        values = set(np.unique(masks_of(project, folder, record)).tolist())
        assert values <= {0, *manifest.label_ids(record)}
        shown |= values
    assert len(shown) > 1, "some class is shown somewhere"


@pytest.mark.parametrize("variant", ["single_scale", "multi_scale", "crf"])
def test_segmentations_exist_for_the_validation_images_only(project: Path, manifest: Manifest, variant: str) -> None:
    folder = f"data/predict/{variant}"
    assert {path.stem for path in (project / folder).iterdir()} == {record.id for record in manifest.split("val")}
    for record in manifest.split("val"):
        assert masks_of(project, folder, record).max() <= len(VOC)


def test_metrics_and_reports_are_written(project: Path) -> None:
    metrics = json.loads((project / "reports/metrics.json").read_text())
    scores = [metrics["cam_seed"][split] for split in ("train", "val")]
    scores += [metrics["refined"][split] for split in ("train", "val")]
    scores += [metrics["segmentation"]["val"][variant] for variant in ("single_scale", "multi_scale", "crf")]
    for found in scores:
        assert 0 <= found["miou"] <= 1
        assert found["confusion_ratio"] is None or found["confusion_ratio"] >= 0
    for name in ("classes.csv", "pairs.csv", "report.md"):
        assert (project / "reports" / name).stat().st_size > 0
    assert list((project / "reports/figures").glob("*.png"))
