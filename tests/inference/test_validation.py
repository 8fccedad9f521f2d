"""Scores during training: equal to those of finished masks, and without influence on the run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seco.compute.resize import resize_maps
from seco.config.settings import Settings
from seco.errors import SecoError
from seco.inference.photographs import Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.inference.validation import Validation
from seco.method.cam import two_way_labels
from seco.models.network import SeCoNetwork
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import CONFUSION_RATIO, MIOU
from seco.storage.manifest import Manifest
from seco.storage.masks import read_mask
from seco.training.log import TrainingLog
from seco.training.methods import build_models
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings
from tests.tiny import CPU, snapshot

CHANGES = {
    "train.steps": 5,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.log_every": 2,
    "train.checkpoint_every": 100,
    "train.evaluate_every": 0,
    "train.evaluate_split": "val",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return demo_manifest(tmp_path_factory.mktemp("scenes") / "data")


def validation_of(manifest: Manifest, settings: Settings) -> Validation:
    return Validation(
        manifest,
        split=settings.train.evaluate_split,
        image_size=settings.train.crop_size,
        batch_size=settings.train.batch_size,
        background=0.1,
        precision="fp32",
    )


@pytest.fixture(scope="module")
def validation(manifest: Manifest) -> Validation:
    return validation_of(manifest, small_settings(**CHANGES))


@pytest.fixture(scope="module")
def network() -> SeCoNetwork:
    return build_models(small_settings(**CHANGES), num_classes=9, device=CPU).network


def train(folder: Path, manifest: Manifest, **changes) -> Trainer:
    settings = small_settings(**(CHANGES | changes))
    score = validation_of(manifest, settings) if settings.train.evaluate_every else None
    trainer = Trainer(settings, manifest, resume_folder=folder / "run", score=score)
    with TrainingLog(folder / "log") as log:
        trainer.run(log, lambda increment, note: None)
    return trainer


def test_the_scores_are_those_of_masks_made_one_by_one(manifest, validation, network):
    seeds, winners = ConfusionMatrix(9), ConfusionMatrix(9)
    predictor = Predictor(network, manifest.class_names, precision="fp32")
    for record in manifest.split("val"):
        size = (record.height, record.width)
        truth = read_mask(record.mask, num_classes=9, size=(record.width, record.height))
        (cam,) = predictor.cams([photo_of(record)], resizing=Resizing(square=64), scales=(1.0,), batch_size=1)
        labels = two_way_labels(resize_maps(cam.maps, size)[None], cam.class_ids[None], background=0.1)[0]
        seeds.update(truth, labels.numpy().astype(np.uint8))
        (found,) = predictor.segmentations(
            [photo_of(record)], resizing=Resizing(square=64), scales=(1.0,), batch_size=1
        )
        winners.update(truth, resize_maps(found.multi_scale, size).argmax(0).numpy().astype(np.uint8))
    scores = validation(network)
    assert scores["val/miou_cam"] == pytest.approx(MIOU.mean(seeds))
    assert scores["val/miou_segmentation"] == pytest.approx(MIOU.mean(winners))
    assert scores["val/confusion_cam"] == pytest.approx(CONFUSION_RATIO.mean(seeds))
    assert 0 < scores["val/miou_cam"] < 1


def test_scores_come_at_their_steps_and_change_nothing(tmp_path, manifest):
    plain = train(tmp_path / "plain", manifest)
    measured = train(tmp_path / "measured", manifest, **{"train.evaluate_every": 3})
    before = snapshot(plain.state.models)
    assert all(torch.equal(value, before[name]) for name, value in snapshot(measured.state.models).items())
    assert [point["step"] for point in plain.state.curves] == [2, 4, 5]
    assert [point["step"] for point in measured.state.curves] == [2, 3, 4, 5]
    assert {"val/miou_cam", "val/miou_segmentation"} <= measured.state.curves[1].keys()
    assert not any(name.startswith("val/") for name in measured.state.curves[0])
    assert (tmp_path / "measured/log/plots/metrics/val/miou_cam.tsv").exists()


def test_large_images_are_scored_smaller_against_masks_of_their_own_size(validation, network, monkeypatch):
    expected = validation(network)
    monkeypatch.setattr("seco.compute.resize.MOST_SCORES", 4_000)
    found = validation(network)
    assert found.keys() == expected.keys()
    assert found != expected
    assert found == pytest.approx(expected, rel=0.1)


def test_ranks_share_the_images_and_count_each_once(validation, network, monkeypatch):
    counted: list[torch.Tensor] = []
    expected = validation(network)
    monkeypatch.setattr("seco.inference.validation.sum_over_ranks", lambda counts: counted.append(counts) or counts)
    monkeypatch.setattr("seco.inference.groups.world_size", lambda: 3)
    for rank in range(3):  # two images on three ranks
        monkeypatch.setattr("seco.inference.groups.rank", lambda rank=rank: rank)
        validation(network)
    together = ConfusionMatrix(9)
    together.counts += torch.stack(counted[::2]).sum(dim=0).numpy()
    assert MIOU.mean(together) == pytest.approx(expected["val/miou_cam"])


def test_a_split_without_masks_is_refused(manifest):
    blind = Manifest(tuple(replace(record, mask=None) for record in manifest.records), manifest.class_names)
    with pytest.raises(SecoError, match="no image of the split val has a mask: set it to 0"):
        validation_of(blind, small_settings(**CHANGES))
