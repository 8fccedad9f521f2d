import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.inference.cam_store import write_cam
from seco.reporting.thresholds import (
    best_of,
    choice_in_words,
    split_to_sweep,
    sweep_with_masks,
    sweep_without_masks,
    threshold_figure,
)
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import write_mask

CLASSES = ("cat", "dog")
SHADES = np.array([0.1, 0.42, 0.63, 0.9])  # of the columns of each map, 4 pixels wide


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Two images of 16 x 16 whose right half shows a cat; that of `val` has a mask, "c" shows nothing."""
    records = []
    for name, split in (("a", "train"), ("b", "val"), ("c", "train")):
        shown = int(name != "c")
        write_cam(tmp_path / "cams", name, np.ones(shown, int), np.tile(SHADES, (shown, 4, 1)))
        mask = tmp_path / f"masks/{name}.png" if split == "val" else None
        photograph = np.zeros((16, 16, 3), np.uint8)
        photograph[:, 8:] = 200
        Image.fromarray(photograph).save(tmp_path / f"{name}.png")
        records.append(Record(name, tmp_path / f"{name}.png", mask, ("cat",) * shown, split, 16, 16))
    write_mask(tmp_path / "masks/b.png", np.tile((np.arange(16) >= 8).astype(np.uint8), (16, 1)))
    return Manifest(tuple(records), CLASSES)


def with_masks(manifest: Manifest, folder: Path, current: float = 0.5) -> pd.DataFrame:
    return sweep_with_masks(manifest.split("val"), cams=folder / "cams", class_names=CLASSES, current=current)


def without_masks(manifest: Manifest, folder: Path) -> pd.DataFrame:
    return sweep_without_masks(manifest.split("train"), cams=folder / "cams", class_names=CLASSES, current=0.2)


def test_the_best_threshold_is_that_of_the_masks(manifest: Manifest, tmp_path: Path) -> None:
    frame = with_masks(manifest, tmp_path, current=0.42)
    assert frame["threshold"].tolist()[:9] == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.42]
    assert len(frame) == 20
    # Bilinear enlargement by 4: columns 6 to 9 are 1/8, 3/8, 5/8 and 7/8 of the way from 0.42 to 0.63. So columns from
    # 8 are above 0.5, and above 0.42 two more: (8/10 + 6/8) / 2 = 77.5 %.
    best = best_of(frame)
    assert (best["threshold"], best["miou"], best["foreground"]) == (0.5, 1.0, 0.5)
    everything = frame.iloc[0]
    assert (everything["miou"], everything["precision"], everything["recall"]) == (0.25, 0.5, 0.5)
    assert choice_in_words(frame, split="val", current=0.42) == (
        "by the true masks of val, the best export.background is 0.5: mIoU 100.0 %; with the present 0.42 it is 77.5 %"
    )


def test_without_masks_the_border_in_the_photograph_chooses(manifest: Manifest, tmp_path: Path) -> None:
    frame = without_masks(manifest, tmp_path)
    best = best_of(frame)
    # Columns 3 and 4 of the photograph's four differ in colour from the others: their values are 0.63 and 0.9, the
    # others 0.1 and 0.42, so every threshold from 0.45 to 0.6 parts them.
    assert best["threshold"] == 0.45
    assert best["separation"] == pytest.approx(1, abs=1e-6)
    assert best["foreground"] == 0.5
    assert choice_in_words(frame, split="train", current=0.2) == (
        "train has no true masks, so by its photographs and CAMs (normalised cut) export.background should be about "
        "0.45, where 50 % of the pixels get a class; with the present 0.2 they are 75 %"
    )


def test_a_held_out_split_with_masks_comes_first(manifest: Manifest) -> None:
    train, _, nothing = manifest.records
    assert split_to_sweep(manifest) == "val"
    assert split_to_sweep(Manifest((train, nothing), CLASSES)) == "train"


@pytest.mark.parametrize("measure", [with_masks, without_masks])
def test_the_picture_is_the_same_each_time(manifest: Manifest, tmp_path: Path, measure) -> None:
    frame = measure(manifest, tmp_path)
    png = threshold_figure(frame, split="val", current=0.5)
    assert Image.open(io.BytesIO(png)).size == (910, 520)
    assert threshold_figure(frame, split="val", current=0.5) == png
    assert threshold_figure(frame, split="val", current=0.9) != png


def test_what_shows_no_class_chooses_nothing(manifest: Manifest, tmp_path: Path) -> None:
    write_mask(tmp_path / "masks/b.png", np.zeros((16, 16), np.uint8))
    with pytest.raises(SecoError, match="the masks show no class"):
        best_of(with_masks(manifest, tmp_path))
    write_cam(tmp_path / "cams", "a", np.array([1]), np.zeros((1, 4, 4)))
    with pytest.raises(SecoError, match="the CAMs separate no class"):
        best_of(without_masks(manifest, tmp_path))


def test_a_cam_of_another_data_set_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    for name, measure in (("a", without_masks), ("b", with_masks)):
        write_cam(tmp_path / "cams", name, np.array([3]), np.zeros((1, 4, 4)))
        with pytest.raises(SecoError, match=rf"{name}\.npz is of class 3, but the data have 2 classes"):
            measure(manifest, tmp_path)
