from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.storage.images import read_image


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


@pytest.mark.parametrize(("content", "kind"), [(b"", "is empty"), (b"<html>404</html>", "is not an image")])
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(SecoError, match=rf"x\.jpg {kind}"):
        read_image(tmp_path / "x.jpg")


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"x\.jpg does not exist"):
        read_image(tmp_path / "x.jpg")


@pytest.mark.parametrize("limit", [2000, 1000])  # 2400 pixels: PIL warns above the limit, refuses above its double
def test_an_oversized_image_is_refused(jpeg: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(SecoError, match="million pixels"):
        read_image(jpeg)


def test_a_folder_in_place_of_an_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="cannot be read"):
        read_image(tmp_path)
