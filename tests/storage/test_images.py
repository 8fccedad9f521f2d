import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.storage import images
from seco.storage.images import read_any_image, read_image, upright_size


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_a_grey_image_becomes_rgb(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 3), 7, np.uint8)).save(tmp_path / "grey.png")
    image = read_image(tmp_path / "grey.png")
    assert image.mode == "RGB"
    assert image.size == (3, 2)
    assert image.getpixel((0, 0)) == (7, 7, 7)


def test_a_truncated_jpeg_is_named(jpeg: Path) -> None:
    jpeg.write_bytes(jpeg.read_bytes()[:-600])
    with pytest.raises(SecoError, match=r"photo\.jpg is truncated or damaged"):
        read_image(jpeg)


def test_a_truncated_png_is_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SecoError, match=r"photo\.png is truncated or damaged"):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "is empty"), (b"<html>404", "is not an image but a web page"), (b"x", r"is not an image \(PNG, JPEG")],
)
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(SecoError, match=rf"x\.jpg {kind}"):
        read_image(tmp_path / "x.jpg")


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"x\.jpg does not exist"):
        read_image(tmp_path / "x.jpg")


@pytest.mark.parametrize("limit", [2000, 1000])  # 2400 pixels: PIL warns above the limit, refuses above its double
def test_an_image_that_pil_finds_too_large_is_refused(jpeg: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(SecoError, match="has more than 80 million pixels: shrink it"):
        read_image(jpeg)


def test_an_image_is_refused_by_its_pixels_before_they_are_decoded(jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 2400)
    assert upright_size(jpeg) == (60, 40)
    monkeypatch.setattr(images, "MAX_PIXELS", 2399)
    jpeg.write_bytes(jpeg.read_bytes()[:-600])
    with pytest.raises(SecoError, match="million pixels"):
        upright_size(jpeg)


def test_a_folder_in_place_of_an_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="cannot be read"):
        read_image(tmp_path)


GREY16 = np.array([[0, 255, 256], [1000, 40_000, 65_535]], np.uint16)


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_grey_keeps_its_upper_byte(tmp_path: Path, name: str, order: str) -> None:
    image = Image.fromarray(GREY16.astype(order))
    image.save(tmp_path / name)
    found = read_image(tmp_path / name)
    assert found.mode == "RGB"
    assert np.asarray(found)[:, :, 1].tolist() == [[0, 0, 1], [3, 156, 255]]


@pytest.mark.parametrize("name", ["x.png", "x.webp", "x.tif"])
def test_what_is_transparent_shows_white(tmp_path: Path, name: str) -> None:
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 127]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    assert np.asarray(read_image(tmp_path / name)).tolist() == [[[200, 0, 0], [255, 255, 255], [228, 128, 128]]]


def test_a_transparent_palette_colour_shows_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.save(tmp_path / "x.gif", transparency=0)
    assert np.asarray(read_image(tmp_path / "x.gif")).tolist() == [[[255, 255, 255], [0, 0, 200]]]


def test_cmyk_and_bilevel_become_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "x.tif")
    assert read_image(tmp_path / "x.tif").getpixel((0, 0)) == (255, 0, 0)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "x.jpg", quality=100)
    red, green, blue = np.asarray(read_image(tmp_path / "x.jpg"))[4, 4].tolist()
    assert red > 245 > 10 > max(green, blue)
    Image.new("1", (2, 2), 1).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_that_are_no_colours_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2)).save(tmp_path / "x.tif")
    for reader in (read_image, upright_size):
        with pytest.raises(SecoError, match=rf"x\.tif has pixels of the kind {mode}: save it as RGB or grey"):
            reader(tmp_path / "x.tif")


UPRIGHT = [[10, 20, 30], [40, 50, 60]]
AS_STORED = {  # what a camera writes for the upright picture above, by EXIF orientation
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
def test_a_photograph_is_turned_as_its_exif_data_say(tmp_path: Path, orientation: int, name: str) -> None:
    grey = np.array(AS_STORED[orientation], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if name.endswith("webp") else {}
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / name, exif=exif, **lossless)
    assert np.asarray(read_image(tmp_path / name))[:, :, 0].tolist() == UPRIGHT
    assert upright_size(tmp_path / name) == (3, 2)


def test_a_jpeg_lies_on_the_disk_and_stands_upright_when_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "x.jpg", exif=exif)
    assert read_any_image(tmp_path / "x.jpg").size == (60, 40)
    assert read_image(tmp_path / "x.jpg").size == upright_size(tmp_path / "x.jpg") == (40, 60)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"garbage", b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0", b"II*\0\xff\xff\xff\xff"])
def test_damaged_exif_data_are_passed_over(tmp_path: Path, exif: bytes) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "x.jpg", exif=b"Exif\0\0" + exif)
    assert read_image(tmp_path / "x.jpg").size == upright_size(tmp_path / "x.jpg") == (60, 40)


def test_pil_prints_no_warnings_of_its_own(tmp_path: Path) -> None:
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
    environment = os.environ | {"PYTHONPATH": str(Path(images.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("large.png has more than 80 million pixels: shrink it\n", "")


def test_formats_that_start_other_programs_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    with pytest.raises(SecoError, match=r"x\.jpg is not an image \(PNG, JPEG, WebP, TIFF, BMP or GIF\)"):
        read_image(tmp_path / "x.jpg")


def test_links_that_lead_nowhere_or_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").symlink_to("gone.jpg")
    with pytest.raises(SecoError, match=r"x\.jpg is a link that leads nowhere"):
        read_image(tmp_path / "x.jpg")
    (tmp_path / "y.jpg").symlink_to("y.jpg")
    with pytest.raises(SecoError, match=r"y\.jpg cannot be read: Too many levels of symbolic links"):
        read_image(tmp_path / "y.jpg")
