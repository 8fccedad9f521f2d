import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.storage import images
from seco.storage.images import inspect_image, read_any_image, read_image, to_rgb, upright_size
from tests.processes import ENVIRONMENT


def noise(path: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
    return path


def lossless(path: Path) -> dict[str, bool]:
    return {"lossless": True} if path.suffix == ".webp" else {}


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
def test_a_truncated_image_is_named(tmp_path: Path, name: str) -> None:
    path = noise(tmp_path / name)
    path.write_bytes(path.read_bytes()[:-600])
    for read in (read_image, inspect_image):
        with pytest.raises(SecoError, match=rf"{name} is truncated or damaged"):
            read(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<html>404", "is a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
            "is a pointer of Git LFS.* run `git lfs pull`",
        ),
        (b"x", r"is not an image \(PNG, JPEG, WebP, TIFF, BMP or GIF\)"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n", "is not an image"),  # no Ghostscript
    ],
)
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(SecoError, match=rf"x\.jpg {sentence}"):
        read_image(tmp_path / "x.jpg")


def test_missing_images_folders_and_broken_links_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").symlink_to("gone.jpg")
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name, sentence in (
        ("missing", "does not exist"),
        ("broken", "is a link that leads nowhere"),
        ("circle", "cannot be read: Too many levels of symbolic links"),
        ("folder", "cannot be read"),
    ):
        with pytest.raises(SecoError, match=rf"{name}\.jpg {sentence}"):
            read_image(tmp_path / f"{name}.jpg")


def test_a_large_image_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "photo.jpg")
    monkeypatch.setattr(images, "MAX_PIXELS", 2400)
    assert inspect_image(path).size == (60, 40)
    monkeypatch.setattr(images, "MAX_PIXELS", 2399)
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(SecoError, match="million pixels: shrink it"):
        inspect_image(path)


def test_an_image_that_pil_would_refuse_is_read_where_the_caller_allows_it(tmp_path: Path) -> None:
    path = noise(tmp_path / "photo.jpg")
    assert Image.MAX_IMAGE_PIXELS is None, "PIL's limit, half of the one of photographs in tiles"
    assert read_image(path, most_pixels=2400).size == (60, 40)
    for read in (read_image, upright_size):
        with pytest.raises(SecoError, match="million pixels: shrink it"):
            read(path, most_pixels=2399)


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_grey_keeps_its_upper_byte(tmp_path: Path, name: str, order: str) -> None:
    Image.fromarray(np.array([[0, 255, 256], [1000, 40_000, 65_535]], order)).save(tmp_path / name)
    found = read_image(tmp_path / name)
    assert (found.mode, found.size) == ("RGB", (3, 2))
    assert np.asarray(found)[:, :, 1].tolist() == [[0, 0, 1], [3, 156, 255]]


@pytest.mark.parametrize("name", ["x.png", "x.webp", "x.tif"])
def test_transparent_pixels_become_white(tmp_path: Path, name: str) -> None:
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 127]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / name, **lossless(tmp_path / name))
    assert np.asarray(read_image(tmp_path / name)).tolist() == [[[200, 0, 0], [255, 255, 255], [228, 128, 128]]]


def test_a_transparent_palette_colour_becomes_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.save(tmp_path / "x.gif", transparency=0)
    assert np.asarray(read_image(tmp_path / "x.gif")).tolist() == [[[255, 255, 255], [0, 0, 200]]]


@pytest.mark.parametrize(
    ("mode", "colour", "name", "expected"),
    [
        ("L", 7, "x.png", (7, 7, 7)),
        ("1", 1, "x.png", (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), "x.tif", (255, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "x.jpg", (255, 0, 0)),
    ],
)
def test_other_colours_become_rgb(tmp_path: Path, mode: str, colour: object, name: str, expected: object) -> None:
    Image.new(mode, (8, 8), colour).save(tmp_path / name, quality=100)
    assert read_image(tmp_path / name).getpixel((4, 4)) == pytest.approx(expected, abs=10 if name == "x.jpg" else 0)


def test_only_what_is_not_rgb_yet_is_copied(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2))
    assert to_rgb(image) is image
    image.info["transparency"] = (0, 0, 0)
    assert to_rgb(image).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_white_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2)).save(tmp_path / "x.tif")
    for read in (read_image, inspect_image):
        with pytest.raises(SecoError, match=rf"x\.tif has pixels of the kind {mode}: save it as RGB or grey"):
            read(tmp_path / "x.tif")


UPRIGHT = [[10, 20, 30], [40, 50, 60]]
AS_STORED = {  # the upright picture above as a camera stores it, by EXIF orientation
    1: [[10, 20, 30], [40, 50, 60]],
    2: [[30, 20, 10], [60, 50, 40]],
    3: [[60, 50, 40], [30, 20, 10]],
    4: [[40, 50, 60], [10, 20, 30]],
    5: [[10, 40], [20, 50], [30, 60]],
    6: [[30, 60], [20, 50], [10, 40]],
    7: [[60, 30], [50, 20], [40, 10]],
    8: [[40, 10], [50, 20], [60, 30]],
}


@pytest.mark.parametrize("name", ["x.png", "x.webp", "x.tif"])
@pytest.mark.parametrize("orientation", AS_STORED)
def test_an_image_is_turned_as_its_exif_data_say(tmp_path: Path, orientation: int, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = np.array(AS_STORED[orientation], np.uint8)
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / name, exif=exif, **lossless(tmp_path / name))
    assert np.asarray(read_image(tmp_path / name))[:, :, 0].tolist() == UPRIGHT
    assert inspect_image(tmp_path / name).size == (3, 2)
    if name == "x.png":
        assert read_any_image(tmp_path / name).size == grey.shape[::-1], "as stored"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"garbage", b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0", b"II*\0\xff\xff\xff\xff"])
def test_damaged_exif_data_are_ignored(tmp_path: Path, exif: bytes) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "x.jpg", exif=b"Exif\0\0" + exif)
    assert read_image(tmp_path / "x.jpg").size == inspect_image(tmp_path / "x.jpg").size == (60, 40)


def test_pil_prints_no_warnings(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "x.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    Image.new("1", (9_500, 9_500)).save(tmp_path / "large.png")
    code = """
from pathlib import Path
from seco.errors import SecoError
from seco.storage.images import read_image
read_image(Path("x.jpg"))
try:
    read_image(Path("large.png"))
except SecoError as fault:
    print(fault)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("large.png has more than 80 million pixels: shrink it\n", "")
