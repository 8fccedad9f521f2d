"""Both ways of the benchmark find the same: what differs is the time."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import benchmarks.inference as benchmark
from seco.data.class_sets import VOC
from seco.inference.cam_store import read_cam, stored_size
from seco.inference.photographs import Photo
from seco.inference.predictor import Predictor
from seco.models.encoder import build_encoder
from seco.models.network import SeCoNetwork
from seco.storage.masks import mask_path, read_mask


@pytest.fixture
def predictor() -> Predictor:
    torch.manual_seed(0)
    encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=2)
    return Predictor(SeCoNetwork(encoder, num_classes=len(VOC)), VOC, precision="fp32")


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Photo:
    monkeypatch.setattr(benchmark, "SIDE", 96)
    monkeypatch.setattr(benchmark, "SIZE", (96, 96))
    colours = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    return Photo("a", tmp_path / "a.png", ("horse", "person"))


def test_cams_are_the_same(predictor: Predictor, photo: Photo, tmp_path: Path) -> None:
    benchmark.plain_cams(predictor, [photo], tmp_path)
    plain = torch.from_numpy(np.load(tmp_path / "a.npy"))
    benchmark.our_cams(predictor, [photo], tmp_path)
    ours = read_cam(tmp_path, "a")
    assert [VOC[class_id - 1] for class_id in ours.class_ids] == ["person", "horse"]
    small = torch.nn.functional.interpolate(plain[None], size=stored_size(96, 96), mode="bilinear")[0]
    for class_id, cam in zip(ours.class_ids, ours.maps, strict=True):
        assert np.abs(small[class_id - 1].numpy() - cam).max() < 2e-3, "stored as float16"
    assert plain.amax(dim=(1, 2)).count_nonzero() == 2


def test_masks_are_the_same(predictor: Predictor, photo: Photo, tmp_path: Path) -> None:
    masks = []
    for way in (benchmark.plain_masks, benchmark.our_masks):
        store = tmp_path / way.__name__
        store.mkdir()
        way(predictor, [photo], store)
        masks.append(read_mask(mask_path(store, "a"), num_classes=len(VOC), size=(96, 96)))
    assert (masks[0] == masks[1]).mean() > 0.999
    assert len(np.unique(masks[0])) > 1
