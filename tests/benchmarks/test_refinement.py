from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.refinement import cam_like, difference, measure, records_of
from benchmarks.sizes import RECIPES
from seco.config.recipes import compose
from seco.config.settings import Settings
from seco.errors import SecoError
from seco.refinement.labelling import ScoredImage
from seco.scores.metrics import MIOU
from seco.storage.masks import write_mask


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Three photographs: two with a mask of a bright square of class 15, one of them with a border of 255."""
    rng = np.random.default_rng(0)
    (tmp_path / "JPEGImages").mkdir()
    for name in "abc":
        mask = np.zeros((64, 80), np.uint8)
        mask[16:48, 20:60] = 15
        image = np.where(mask[..., None] > 0, 200, 40).repeat(3, 2) + rng.integers(0, 20, (64, 80, 3))
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"JPEGImages/{name}.jpg")
        if name == "b":
            mask[15:17] = 255
        if name != "c":
            write_mask(tmp_path / f"SegmentationClassAug/{name}.png", mask)
    write_mask(tmp_path / "SegmentationClass/a.png", np.zeros((64, 80), np.uint8))
    return tmp_path


def test_photographs_with_a_mask_are_taken_and_the_augmented_masks_go_first(voc: Path) -> None:
    records = records_of(voc, 9)
    assert [(record.id, str(record.mask)) for record in records] == [
        (name, str(voc / f"SegmentationClassAug/{name}.png")) for name in "ab"
    ]
    assert [record.id for record in records_of(voc, 1)] == ["a"]
    with pytest.raises(SecoError, match="has no JPEGImages with masks"):
        records_of(voc / "JPEGImages", 2)


def test_each_way_to_masks_is_counted_on_every_image(voc: Path) -> None:
    settings = Settings.model_validate(compose(RECIPES, "voc2012").values)
    rows, differences = measure(records_of(voc, 2), settings, seed=0)
    again, _ = measure(records_of(voc, 2), settings, seed=0)
    assert {"scores", "PAR", "CRF, ours", "PAR + CRF, ours"} <= rows.keys()
    for name, row in rows.items():
        assert row.confusion.images == 2
        assert np.array_equal(row.confusion.counts, again[name].confusion.counts), "the seed decides"
        assert len(row.seconds) == (0 if name == "scores" else 2)
    assert MIOU.mean(rows["CRF, ours"].confusion) > MIOU.mean(rows["scores"].confusion)
    assert len(differences) == (4 if "CRF, pydensecrf" in rows else 0)
    assert all(found.same > 0.999 for found in differences)


def test_scores_are_those_of_the_classes_of_the_mask_on_the_grid_of_tokens(voc: Path) -> None:
    (record, _) = records_of(voc, 2)
    truth = np.zeros((64, 80), np.uint8)
    truth[10:30, 10:40], truth[40:, 50:], truth[0] = 3, 7, 255
    cam = cam_like(record, truth, rng=np.random.default_rng(0))
    assert cam.class_ids.tolist() == [3, 7]
    assert cam.maps.shape == (2, 4, 5)
    assert 0 <= cam.maps.min() < cam.maps.max() <= 1


def test_crfs_are_compared_pixel_by_pixel() -> None:
    scores = np.array([[[0.9, 0.4]], [[0.1, 0.6]]], np.float32)
    one = ScoredImage("a", np.zeros((1, 2, 3), np.uint8), scores, (0, 5), (1, 2))
    other = one._replace(scores=np.array([[[0.9, 0.6]], [[0.1, 0.4]]], np.float32))
    assert difference(one, other) == pytest.approx((0.5, 0.1, 0.2))
