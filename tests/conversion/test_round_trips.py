"""What a conversion wrote is read by this project's own readers as the same masks."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from seco.storage.masks import read_mask
from tests.conversion.masks import CLASSES, PHOTOS, Mask, converted, found_masks, some_masks
from tests.data.trees import Prepared, prepared

ROOT = Path("root")
pytestmark = pytest.mark.usefixtures("masks")


def masks_of(found: Prepared) -> dict[str, Mask]:
    assert found.faults == []
    assert all(record.mask for record in found.records)
    return {
        record.id: read_mask(Path(str(record.mask)), num_classes=len(CLASSES), size=None) for record in found.records
    }


def assert_same(found: Prepared, *, ignore: bool = False) -> None:
    expected = some_masks(ignore=True)
    if not ignore:
        expected = {name: np.where(mask == 255, 0, mask) for name, mask in expected.items()}
    assert found.dataset.class_names == CLASSES
    read = masks_of(found)
    assert read.keys() == expected.keys()
    for name, mask in read.items():
        np.testing.assert_array_equal(mask, expected[name], err_msg=name)


@pytest.mark.parametrize(
    ("data_format", "settings"), [("voc", {"classes": CLASSES, "lists": {"train": "default"}}), ("auto", {})]
)
def test_voc(data_format: str, settings: dict) -> None:
    root = converted("voc", "voc", with_images=True)
    assert_same(prepared(root, data_format, **settings), ignore=True)


def test_cvat() -> None:
    ZipFile(converted("cvat", "masks.zip", with_images=True)).extractall(ROOT)
    assert_same(prepared(ROOT, "auto"))


@pytest.mark.parametrize("polygons", [False, True])
def test_coco(polygons: bool) -> None:
    shutil.copytree(PHOTOS, ROOT / "images")
    converted("coco", "root/masks.json", polygons=polygons)
    assert_same(prepared(ROOT, "json", source="masks.json"))


@pytest.mark.parametrize("polygons", [False, True])
def test_labelme(polygons: bool) -> None:
    ROOT.mkdir()
    PHOTOS.rename(ROOT / "photos")
    converted("labelme", "root/labels", masks=found_masks(images=ROOT / "photos"), polygons=polygons)
    assert_same(prepared(ROOT, "labelme", classes=CLASSES))


def test_labelme_names_the_photographs_by_paths_that_lead_there_through_links() -> None:
    Path("deep/er").mkdir(parents=True)
    Path("link").symlink_to("deep/er")
    out = converted("labelme", "link/labels")
    for name in some_masks(ignore=True):
        file = out / f"{name}.json"
        photo = file.parent / json.loads(file.read_text(encoding="utf-8"))["imagePath"]
        assert photo.samefile(PHOTOS / f"{name}.jpg")
