"""A small VOC tree for tests, to be spoilt one file at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seco.storage.masks import write_mask

CLASSES = ("cat", "dog", "person")
WIDTH, HEIGHT = 12, 8


def add_image(root: Path, image_id: str, *, names: Sequence[str], mask_values: Sequence[int] | None) -> None:
    """Write photograph, annotation and, unless its values are None, a mask whose columns hold them in turn."""
    for folder in ("JPEGImages", "Annotations", "SegmentationClassAug", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(image_id)).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "JPEGImages" / f"{image_id}.jpg")
    objects = "".join(f"<object><name>{name}</name></object>" for name in names)
    (root / "Annotations" / f"{image_id}.xml").write_text(f"<annotation>{objects}</annotation>")
    if mask_values is not None:
        columns = np.resize(np.array(mask_values, np.uint8), WIDTH)
        write_mask(root / "SegmentationClassAug" / f"{image_id}.png", np.tile(columns, (HEIGHT, 1)))


def write_list(root: Path, name: str, ids: Sequence[str]) -> Path:
    """Write an image set and return its path."""
    path = root / "ImageSets" / "Segmentation" / f"{name}.txt"
    path.write_text("".join(f"{image_id}\n" for image_id in ids))
    return path


def make_tree(root: Path) -> Path:
    """Make a tree of two training images and one for validation, the latter without a mask."""
    add_image(root, "a", names=["person", "dog", "dog"], mask_values=[0, 2, 3, 255])
    add_image(root, "b", names=["cat", "dog"], mask_values=[0, 1])
    add_image(root, "c", names=["dog"], mask_values=None)
    write_list(root, "train_aug", ["a", "b"])
    write_list(root, "val", ["c"])
    return root
