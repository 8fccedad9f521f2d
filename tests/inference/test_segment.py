"""`seco.load`: what a caller in Python gets of a model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import seco
from seco.errors import SecoError
from seco.inference.groups import groups_of
from seco.inference.photographs import BadPhotograph, Photo, Resizing
from seco.inference.predictor import Predictor
from seco.storage.model import StoredModel, write_model
from tests.inference.test_predictor import CLASSES, SETTINGS, make_network, make_record


@pytest.fixture
def model(tmp_path: Path) -> Predictor:
    write_model(tmp_path / "model", StoredModel(make_network().state_dict(), CLASSES, SETTINGS))
    return seco.load(tmp_path / "model")


def test_results_have_the_size_of_the_image_and_agree_with_each_other(model: Predictor, tmp_path: Path) -> None:
    path = make_record(tmp_path, "a", (), size=(70, 40)).image
    result = model.segment(path)
    assert (result.mask.shape, result.mask.dtype) == ((40, 70), np.uint8)
    assert (result.scores.shape, result.scores.dtype) == ((4, 40, 70), np.float32)
    assert np.array_equal(result.mask, result.scores.argmax(axis=0))
    assert np.array_equal(result.confidence, result.scores.max(axis=0))
    assert set(result.labels) == {CLASSES[value - 1] for value in np.unique(result.mask) if value}
    assert "array" not in repr(result)
    cam = result.cam("dog")
    assert (cam.shape, cam.dtype) == ((40, 70), np.float32)
    assert 0 <= cam.min() < cam.max() <= 1
    with pytest.raises(SecoError, match="the model has no class 'dgo': did you mean dog"):
        result.cam("dgo")


def test_paths_images_and_arrays_give_the_same_masks_in_their_order(model: Predictor, tmp_path: Path) -> None:
    paths = [make_record(tmp_path, str(side), (), size=(side, 50)).image for side in (90, 48, 70)]
    one, two, three = model.segment_all([str(paths[0]), Image.open(paths[1]), np.array(Image.open(paths[2]))])
    for path, result in zip(paths, (one, two, three), strict=True):
        assert result.mask.shape == np.asarray(Image.open(path)).shape[:2]
        assert np.array_equal(result.mask, model.segment(path).mask)
    assert model.segment_all([]) == []


def test_other_pixels_are_refused_or_brought_to_rgb(model: Predictor) -> None:
    grey = np.full((20, 30), 90, np.uint8)
    assert np.array_equal(model.segment(grey).mask, model.segment(np.stack([grey] * 3, axis=2)).mask)
    assert model.segment(Image.new("RGBA", (30, 20))).mask.shape == (20, 30)
    for wrong in (grey.astype(np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(SecoError, match=r"image 0 is an array .*: give uint8 \[height, width, 3\]"):
            model.segment(wrong)


def test_a_small_and_a_very_long_image_are_segmented(model: Predictor) -> None:
    assert model.segment(np.zeros((1, 1, 3), np.uint8)).mask.shape == (1, 1)
    assert model.segment(np.zeros((4, 2_000, 3), np.uint8), scales=(1.0,)).mask.shape == (4, 2_000)


def test_an_image_in_tiles_has_nearly_the_segmentation_of_the_whole(model: Predictor) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    photo = Photo("a", np.array(Image.fromarray(noise).resize((384, 256), Image.Resampling.BICUBIC)), ("cat", "dog"))
    found = {}
    for tile in (192, 1000):
        resizing = Resizing(tile=tile)
        (result,) = model.segmentations([photo], resizing=resizing, scales=(1.0,), batch_size=4)
        (cam,) = model.cams([photo], resizing=resizing, scales=(1.0,), batch_size=4)
        assert result.multi_scale.shape == (4, 256, 384)
        assert torch.allclose(result.multi_scale.sum(dim=0), torch.ones(256, 384), atol=1e-4)
        assert cam.maps.shape == (2, 256, 384)
        assert cam.maps.max() > 0.99
        found[tile] = result.multi_scale
    assert (found[192] - found[1000]).abs().mean() < 0.05


def test_images_of_one_size_share_a_batch_and_ranks_share_batches(tmp_path: Path, monkeypatch) -> None:
    sizes = [(48, 32), (32, 48), (48, 32), (32, 48), (48, 32)]
    photos = [
        Photo(str(index), make_record(tmp_path, str(index), (), size=size).image) for index, size in enumerate(sizes)
    ]
    photos.append(Photo("bad", tmp_path / "missing.jpg"))
    done: list[str] = []
    monkeypatch.setattr("seco.inference.groups.world_size", lambda: 2)
    for rank in range(2):
        monkeypatch.setattr("seco.inference.groups.rank", lambda rank=rank: rank)
        bad: list[BadPhotograph] = []
        arguments = {"resizing": Resizing(), "patch": 16, "classes": 2, "batch_size": 2, "device": torch.device("cpu")}
        for group in groups_of(photos, **arguments, on_fault=bad.append):
            assert group.over(lambda images: images).shape[0] == len(group.photos) <= 2
            assert len(set(group.sizes)) == 1
            done += [photo.id for photo in group.photos]
        assert [item.photo.id for item in bad] == ["bad"]
    assert sorted(done) == ["0", "1", "2", "3", "4"]


def test_photographs_whose_header_tells_another_size_do_not_spoil_a_batch(model: Predictor, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright, turned = (make_record(tmp_path, name, (), size=(70, 40)).image.with_suffix(".png") for name in "ab")
    picture = Image.effect_noise((70, 40), 50).convert("RGB")
    picture.save(upright)
    picture.save(turned, exif=exif)
    content = turned.read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    last = content.index(b"IEND") - 4
    turned.write_bytes(content[:start] + content[end:last] + content[start:end] + content[last:])  # behind the pixels
    shapes = [result.mask.shape for result in model.segment_all([upright, turned])]
    assert shapes == [(40, 70), (70, 40)]
