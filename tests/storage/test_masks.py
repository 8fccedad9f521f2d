import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.storage.label_map import packed
from seco.storage.masks import MaskFacts, inspect_mask, mask_path, read_mask, write_mask

MASK = np.array([[0, 1, 2], [255, 2, 0]], np.uint8)


def test_a_mask_survives_the_round_trip(tmp_path: Path) -> None:
    path = mask_path(tmp_path / "masks", "2007_1.b")
    assert path.name == "2007_1.b.png"
    write_mask(path, MASK)
    assert np.array_equal(read_mask(path, num_classes=2, size=(3, 2)), MASK)
    colours = (packed(0, 0, 0), packed(128, 0, 0), packed(0, 128, 0), packed(224, 224, 192))
    assert inspect_mask(path) == MaskFacts((3, 2), (0, 1, 2, 255), colours)
    Image.fromarray(MASK).save(path)
    assert inspect_mask(path) == MaskFacts((3, 2), (0, 1, 2, 255)), "a grey image has no palette"


def test_a_mask_is_an_8_bit_palette_png_in_vocs_colours(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", MASK)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.mode, image.size) == ("P", (3, 2))
        colours = image.convert("RGB")
        assert (colours.getpixel((1, 0)), colours.getpixel((0, 1))) == ((128, 0, 0), (224, 224, 192))
    assert (tmp_path / "m.png").read_bytes()[24] == 8


def test_a_grey_png_holds_class_ids(tmp_path: Path) -> None:
    Image.fromarray(MASK).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", num_classes=2, size=None), MASK)


def test_a_palette_of_fewer_bits_holds_class_ids(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1, 2, 3]], np.uint8))
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "m.png", bits=2)
    assert (tmp_path / "m.png").read_bytes()[24] == 2
    assert read_mask(tmp_path / "m.png", num_classes=3, size=None).tolist() == [[0, 1, 2, 3]]


def write_4_bit_grey(path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 2, 1, 4, 0, 0, 0, 0)  # 2 x 1 pixels, 4-bit grey, values 1 and 0
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00\x10")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (write_4_bit_grey, "is a grey PNG of 4 bits: save it as an 8-bit palette or grey PNG"),  # would be stretched
        (lambda path: Image.new("1", (3, 2)).save(path), "is a grey PNG of 1 bits"),
        (lambda path: Image.new("I;16", (3, 2)).save(path), "is a grey PNG of 16 bits"),
        (lambda path: Image.new("RGB", (3, 2)).save(path), "is a RGB image, .*: save it as an 8-bit palette or grey"),
        (lambda path: Image.fromarray(MASK).save(path, format="JPEG"), "is a JPEG file"),
    ],
)
def test_a_file_without_class_ids_is_refused(tmp_path: Path, write, sentence: str) -> None:
    write(tmp_path / "m.png")
    with pytest.raises(SecoError, match=rf"m\.png {sentence}"):
        read_mask(tmp_path / "m.png", num_classes=20, size=None)


@pytest.mark.parametrize(
    ("num_classes", "size", "sentence"),
    [
        (1, (3, 2), r"m\.png holds the value 2, but class ids are 0\.\.1 and 255"),
        (2, (2, 3), r"m\.png is 3x2 pixels but its image is 2x3"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    tmp_path: Path, num_classes: int, size: tuple[int, int], sentence: str
) -> None:
    write_mask(tmp_path / "m.png", MASK)
    with pytest.raises(SecoError, match=sentence):
        read_mask(tmp_path / "m.png", num_classes=num_classes, size=size)


def test_a_truncated_mask_is_refused(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", np.random.default_rng(0).integers(0, 3, (50, 50)).astype(np.uint8))
    (tmp_path / "m.png").write_bytes((tmp_path / "m.png").read_bytes()[:-200])
    with pytest.raises(SecoError, match=r"m\.png is truncated or damaged"):
        read_mask(tmp_path / "m.png", num_classes=2, size=None)


@pytest.mark.parametrize("mask", [MASK.astype(np.int64), MASK[None]])
def test_only_two_dimensional_uint8_is_written(tmp_path: Path, mask: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8 \[H, W\]"):
        write_mask(tmp_path / "m.png", mask)
    assert list(tmp_path.iterdir()) == []


def test_a_mask_is_enlarged_without_new_values(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", MASK, size=(4, 6))
    found = read_mask(tmp_path / "m.png", num_classes=2, size=(6, 4))
    assert np.array_equal(found, MASK.repeat(2, axis=0).repeat(2, axis=1))
