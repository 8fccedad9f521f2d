from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.conversion.overlays import draw
from seco.errors import SecoError
from seco.reporting.overlays import class_colours, mask_overlay
from tests.conversion.masks import PHOTOS, add_masks, converted, found_masks, some_masks
from tests.data.trees import add_photo

pytestmark = pytest.mark.usefixtures("masks")


def test_pictures_show_the_masks_over_their_photographs() -> None:
    out = converted("overlays-png", "out")
    for name, mask in some_masks(ignore=True).items():
        photo = np.asarray(Image.open(PHOTOS / f"{name}.jpg"))
        np.testing.assert_array_equal(np.asarray(Image.open(out / f"{name}.png")), mask_overlay(photo, mask))
    legend = (out / "legend.csv").read_text(encoding="utf-8").splitlines()
    assert legend[:2] == ["class,colour", f"cat,#{bytes(class_colours()[1].tolist()).hex()}"]
    assert len(legend) == 4


def test_jpegs_are_near_the_pictures() -> None:
    add_masks({"plain": np.ones((40, 40), np.uint8)})
    converted("overlays", "jpegs")
    converted("overlays-png", "pngs")
    with Image.open("jpegs/plain.jpg") as lossy, Image.open("pngs/plain.png") as exact:
        assert (lossy.format, exact.format) == ("JPEG", "PNG")
        assert np.abs(np.asarray(lossy, int) - np.asarray(exact, int)).mean() < 8


@pytest.mark.parametrize("pixels", [1, 26, 65])
def test_bands_do_not_show(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seco.conversion.overlays.BAND", pixels)
    mask = some_masks(ignore=True)["a"]
    photo = Image.open(PHOTOS / "a.jpg")
    np.testing.assert_array_equal(draw(photo, mask), mask_overlay(np.asarray(photo), mask))


def test_photographs_that_are_missing_or_changed_are_refused() -> None:
    found = found_masks()
    photo = PHOTOS / "a.jpg"
    photo.unlink()
    with pytest.raises(SecoError, match=r"the photograph photos/a.jpg does not exist: restore it, or give --images"):
        converted("overlays", "out", masks=found)
    add_photo(photo, size=(9, 13))
    with pytest.raises(SecoError, match=r"masks/a.png is 13x9 pixels but its image is 9x13"):
        converted("overlays", "out", masks=found)
    sized = [item._replace(size=(13, 9) if item.id == "a" else None) for item in found.items]
    found.items = tuple(sized)
    with pytest.raises(SecoError, match=r"photos/a.jpg is 9x13 pixels but its mask masks/a.png is 13x9"):
        converted("overlays", "out", masks=found)
    assert not Path("out").exists()
