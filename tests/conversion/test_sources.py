from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from seco.conversion.class_names import read_class_names
from seco.conversion.sources import masks_of_folders, masks_of_manifest
from seco.data.class_sets import VOC
from seco.errors import SecoError
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import mask_path, write_mask
from tests.conversion.masks import CLASSES, MASKS, PHOTOS, found_masks, some_masks
from tests.data.trees import add_photo

pytestmark = pytest.mark.usefixtures("masks")


def manifest(ids: Sequence[str], *, val: Sequence[str] = ()) -> Manifest:
    splits = dict.fromkeys(ids, "train") | dict.fromkeys(val, "val")
    records = [Record(name, PHOTOS / f"{name}.jpg", None, (), split, 13, 9) for name, split in splits.items()]
    return Manifest(tuple(records), CLASSES)


def test_masks_of_some_splits_are_enough() -> None:
    found = masks_of_manifest(MASKS, manifest(["ß", "void", "sub/b c"], val=["a"]))
    assert [(item.id, item.split) for item in found.items] == [
        *(("sub/b c", "train"), ("void", "train"), ("ß", "train"), ("a", "val"))
    ]
    assert found.items[0].file_name == "sub/b c.jpg"
    assert (found.splits, found.photo_folder, found.items[0].size) == (("train", "val"), PHOTOS, (13, 9))
    (MASKS / "a.png").unlink()
    assert masks_of_manifest(MASKS, manifest(["ß", "void", "sub/b c"], val=["a"])).splits == ("train",)


def test_a_split_without_some_of_its_masks_is_refused() -> None:
    with pytest.raises(SecoError) as error:
        masks_of_manifest(MASKS, manifest([*some_masks(ignore=False), "x", "y"], val=["z"]))
    assert str(error.value).startswith(
        "masks has no mask of 'x' (2 of 6 images of the splits train have none): run the"
    )


def test_masks_of_no_image_are_refused() -> None:
    with pytest.raises(SecoError, match=r"masks/sub/b c.png is the mask of no image of the manifest \(2 of 4 masks"):
        masks_of_manifest(MASKS, manifest(["a", "ß"]))


def test_photographs_may_have_any_suffix_and_lie_anywhere() -> None:
    (PHOTOS / "a.jpg").unlink()
    add_photo(PHOTOS / "a.PNG", size=(13, 9))
    assert found_masks().items[0].file_name == "a.PNG"
    write_mask(mask_path(MASKS, "a.PNG"), np.zeros((9, 13), np.uint8))
    (MASKS / "a.png").unlink()
    assert (found_masks().items[0].id, found_masks().items[0].file_name) == ("a.PNG", "a.PNG")


def test_folders_that_do_not_fit_are_refused() -> None:
    (PHOTOS / "a.jpg").unlink()
    with pytest.raises(
        SecoError, match=r"photos/a.jpg does not exist: put the photograph into photos, or take its result"
    ):
        found_masks()
    add_photo(PHOTOS / "a.png", size=(13, 9))
    write_mask(mask_path(MASKS, "A"), np.zeros((9, 13), np.uint8))
    with pytest.raises(
        SecoError, match=r"masks/A.png and masks/a.png can only be masks of the one photograph photos/a"
    ):
        found_masks()
    with pytest.raises(SecoError, match=r"the folder of photographs nowhere does not exist: correct --images"):
        found_masks(images=Path("nowhere"))


def test_a_folder_without_masks_is_refused() -> None:
    with pytest.raises(SecoError, match=r"photos holds no mask \(\*.png\): name a folder of masks"):
        masks_of_folders(PHOTOS, CLASSES, images=None)
    with pytest.raises(SecoError, match="the folder of masks nowhere does not exist"):
        masks_of_folders(Path("nowhere"), CLASSES, images=None)
    (MASKS / "a.PNG").write_bytes(b"")
    with pytest.raises(SecoError, match=r"masks/a.PNG and masks/a.png are masks of one name"):
        masks_of_folders(MASKS, CLASSES, images=None)


def test_classes_come_from_the_text_or_a_file_or_a_known_set() -> None:
    Path("names.txt").write_text("\ufeffcat\n\n dog, small \r\nZebra/Okapi", encoding="utf-8")
    assert read_class_names("names.txt") == CLASSES
    assert read_class_names("cat, dog") == ("cat", "dog")
    assert read_class_names("cat") == ("cat",)
    assert read_class_names("voc") == VOC


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nowhere.txt", "the file of classes nowhere.txt does not exist: name a file of one class a line, or"),
        ("lists/names", "the file of classes lists/names does not exist"),
        ("cat,cat", "--classes names the class 'cat' twice"),
        ("cat,,dog", "--classes: the class 2, '', is empty: name it"),
        ("background,cat", "--classes: the class 1, 'background', is no class but what no class covers"),
        (",".join(map(str, range(255))), "--classes names 255 classes, but masks hold from 1 to 254"),
        ("empty.txt", "empty.txt names 0 classes"),
        ("binary.txt", "the file of classes binary.txt cannot be read"),
        ("photos", "photos cannot be read"),
    ],
)
def test_classes_that_cannot_be_are_refused(text: str, fault: str) -> None:
    Path("empty.txt").write_text("\n")
    Path("binary.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(SecoError) as error:
        read_class_names(text)
    assert str(error.value).startswith(fault)
