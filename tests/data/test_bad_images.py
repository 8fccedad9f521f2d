"""Bad input of every kind gets a sentence: what is wrong, where, and the remedy. Here: photographs and masks."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.data.own_tree import add_mask, add_photo, write_table
from tests.data.preparation import told, told_of_voc

HEADER = "image,labels,split,mask"


def test_a_truncated_image(root: Path) -> None:
    path = root / "photos/a.jpg"
    path.write_bytes(path.read_bytes()[:-120])
    (fault,) = told(root)
    assert fault.startswith("own/images.csv, line 2: own/photos/a.jpg is truncated or damaged (")
    assert fault.endswith("): replace it or take it off the list")


def test_a_zero_byte_image(root: Path) -> None:
    (root / "photos/a.jpg").write_bytes(b"")
    assert told(root) == ["own/images.csv, line 2: own/photos/a.jpg is empty: replace it or take it off the list"]


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html><body>404", "\ufeff\n <HTML>", "<?xml version='1.0'?><Error/>"])
def test_an_image_that_is_html(root: Path, page: str) -> None:
    (root / "photos/a.jpg").write_text(page, encoding="utf-8")
    assert told(root) == [
        "own/images.csv, line 2: own/photos/a.jpg is not an image but a web page: replace it or take it off the list"
    ]


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000])  # above our limit, where PIL warns, where PIL refuses
def test_a_decompression_bomb(root: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (root / "photos/b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert told(root) == ["own/images.csv, line 3: own/photos/b.png has more than 80 million pixels: shrink it"]


def test_a_mask_in_rgb_instead_of_a_palette(voc: Path) -> None:
    path = voc / "SegmentationClassAug/a.png"
    with Image.open(path) as mask:
        colours = mask.convert("RGB")
    colours.save(path)
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: mask VOC2012/SegmentationClassAug/a.png is a RGB image, "
        "which holds colours instead of class ids: save it as an 8-bit palette or grey PNG whose pixel values are "
        "class ids"
    ]


def test_a_mask_with_a_class_above_vocs_twenty(voc: Path) -> None:
    add_mask(voc / "SegmentationClassAug/a.png", [0, 12, 21, 22, 255])
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: mask VOC2012/SegmentationClassAug/a.png holds the value "
        "21, 22, but class ids are 0..20 and 255 (ignore): correct the mask or the class list"
    ]


def test_a_mask_of_another_size(voc: Path) -> None:
    add_mask(voc / "SegmentationClassAug/a.png", [0, 12], size=(8, 12))
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: VOC2012/SegmentationClassAug/a.png is 8x12 pixels but "
        "its image is 12x8 (width x height): make them agree"
    ]


def test_a_mask_as_turned_as_the_photograph_on_the_disk_is_of_another_size(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    add_photo(root / "photos/a.jpg", exif=exif)
    add_mask(root / "masks/a.png", [1])
    write_table(root, HEADER, "photos/a.jpg,dog,train,masks/a.png")
    (fault,) = told(root, classes=["dog"])
    assert fault.endswith("own/masks/a.png is 12x8 pixels but its image is 8x12 (width x height): make them agree")


def test_a_duplicate_id(root: Path) -> None:
    write_table(root, "image,labels", "photos/a.jpg,dog", "photos/b.png,cat", "photos/../photos/a.jpg,cat")
    assert told(root) == ["own/images.csv, line 4: the id 'a' is listed twice (own/images.csv, line 2): keep one"]


def test_two_files_that_differ_in_case_only(root: Path) -> None:
    add_photo(root / "photos/A.jpg")
    write_table(root, "image,labels", "photos/a.jpg,dog", "photos/A.jpg,dog")
    assert told(root) == ["own/images.csv, line 3: the ids 'a' and 'A' differ in case only: rename one of the files"]
