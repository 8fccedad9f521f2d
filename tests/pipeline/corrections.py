"""A project with a few prepared images, and corrected masks for them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seco.storage.manifest import Manifest, Record, write_manifest
from seco.storage.masks import MaskArray, mask_path, read_mask, write_mask
from tests.data.trees import add_photo
from tests.pipeline.conftest import Project

IDS = ("a", "sub/b")
CLASSES = ("cat", "dog")
SIZE = (12, 8)  # width, height
ADD = ("corrections", "add")


@pytest.fixture
def prepared(tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A project with a manifest: two training images, and two of val, of which one has a mask."""
    records = []
    for name, split in (*((name, "train") for name in IDS), ("c", "val"), ("d", "val")):
        photo = add_photo(tmp_path / "data/raw/x" / f"{name}.jpg")
        mask = tmp_path / "data/raw/masks/d.png" if name == "d" else None
        records.append(Record(name, photo, mask, ("cat",), split, *SIZE))
    write_mask(tmp_path / "data/raw/masks/d.png", blocks(1))
    write_manifest(tmp_path / "data/prepare", Manifest(tuple(records), CLASSES), summary={})
    return open_project(tmp_path)


def blocks(*values: int, size: tuple[int, int] = SIZE) -> MaskArray:
    """A mask of upright stripes, the first of background."""
    stripes = np.array([0, *values], np.uint8)
    return np.tile(stripes[np.arange(size[0]) * len(stripes) // size[0]], (size[1], 1))


def put(project: Project, folder: str = "fixed", **masks: MaskArray) -> str:
    """Write masks to a folder, where "sub_b" is the name sub/b."""
    for name, mask in masks.items():
        write_mask(mask_path(project.root / folder, name.replace("_", "/")), mask)
    return folder


def corrected(project: Project, name: str) -> MaskArray:
    return read_mask(mask_path(project.root / "corrections/masks", name), num_classes=2, size=SIZE)
