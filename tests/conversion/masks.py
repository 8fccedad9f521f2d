"""Masks with holes, corners and uncertain pixels, their photographs, and their conversion."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seco.conversion.convert import Options, convert
from seco.conversion.mask_set import MaskSet
from seco.conversion.sources import masks_of_folders
from seco.storage.masks import mask_path, write_mask
from tests.data.trees import add_photo

CLASSES = ("cat", "dog, small", "Zebra/Okapi")
MASKS, PHOTOS = Path("masks"), Path("photos")
Mask = npt.NDArray[np.uint8]


def some_masks(*, ignore: bool) -> dict[str, Mask]:
    """Return masks by id; with `ignore`, some pixels are 255."""
    ring = np.zeros((9, 13), np.uint8)  # a ring of 1 around a hole, in which lies a ring of 2 around 3
    ring[0:8, 0:12], ring[2:7, 2:11], ring[3:6, 4:9], ring[4, 5:7] = 1, 0, 2, 3
    noise = np.random.default_rng(0).integers(0, 4, (17, 11), dtype=np.uint8)
    masks = {"a": ring, "sub/b c": noise, "ß": np.full((5, 4), 3, np.uint8), "void": np.zeros((6, 7), np.uint8)}
    if ignore:
        ring[7:, 9:] = noise[:3] = 255
    return masks


def add_masks(masks: dict[str, Mask]) -> None:
    """Write masks and a photograph of the size of each."""
    for image_id, mask in masks.items():
        write_mask(mask_path(MASKS, image_id), mask)
        add_photo(PHOTOS / f"{image_id}.jpg", size=(mask.shape[1], mask.shape[0]))


def found_masks(*, classes: Sequence[str] = CLASSES, images: Path | None = PHOTOS) -> MaskSet:
    return masks_of_folders(MASKS, classes, images=images)


def converted(name: str, out: str, *, masks: MaskSet | None = None, **options: Any) -> Path:
    """Convert the masks to a format; return the path of the result."""
    path = Path(out)
    convert(masks or found_masks(), name, path, Options(**options), progress=lambda done, total: None)
    return path
