"""Pictures of CAMs: one for each class of a photograph, drawn as `heat_overlay` does."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.conversion.heat_maps import draw_heat, photos_of_folder, write_heat_maps
from seco.errors import SecoError
from seco.inference.cam_store import read_cam, write_cam
from seco.reporting.overlays import heat_overlay
from tests.data.trees import add_photo

NAMES = ("cat", "potted plant")


@pytest.fixture(autouse=True)
def cams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two CAMs, of one class and of two, and one of none; and photographs of 13 x 9 pixels."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name, ids in {"a": [2], "sub/b": [1, 2], "none": []}.items():
        add_photo(Path("photos") / f"{name}.jpg", size=(13, 9))
        write_cam(Path("cams"), name, np.array(ids, np.uint8), rng.random((len(ids), 3, 4)))


def drawn(suffix: str = ".png", names: tuple[str, ...] = NAMES) -> int:
    photos = photos_of_folder(Path("cams"), Path("photos"))
    return write_heat_maps(Path("cams"), photos, names, Path("out"), suffix=suffix, progress=lambda done, total: None)


def test_each_class_has_its_picture() -> None:
    assert drawn() == 3
    files = {path.relative_to("out").as_posix() for path in Path("out").rglob("*.png")}
    assert files == {"a.potted_plant.png", "sub/b.cat.png", "sub/b.potted_plant.png"}
    with Image.open("photos/sub/b.jpg") as image:
        photo = np.asarray(image)
    for part, heat in zip(("cat", "potted_plant"), read_cam(Path("cams"), "sub/b").maps, strict=True):
        with Image.open(f"out/sub/b.{part}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), heat_overlay(photo, heat))


def test_jpegs_are_jpegs() -> None:
    assert drawn(".jpg") == 3
    with Image.open("out/a.potted_plant.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (13, 9))


@pytest.mark.parametrize("pixels", [1, 26, 65])
def test_bands_do_not_show(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seco.conversion.heat_maps.BAND", pixels)
    heat = read_cam(Path("cams"), "a").maps[0]
    with Image.open("photos/a.jpg") as photo:
        np.testing.assert_array_equal(draw_heat(photo, heat), heat_overlay(np.asarray(photo), heat))


def test_what_does_not_fit_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(SecoError, match=r"cams/a.npz has a map of the class 2, but there are 1: correct --classes"):
        drawn(names=NAMES[:1])
    add_photo(Path("photos/a.jpg"), size=(40, 9))
    with pytest.raises(SecoError, match=r"cams/a.npz is not the CAM of photos/a.jpg, which has 40x9 pixels"):
        drawn()
    Path("photos/a.jpg").unlink()
    with pytest.raises(SecoError, match=r"photos/a.jpg does not exist: put the photograph into photos"):
        drawn()
    assert not Path("out").exists()
    with pytest.raises(SecoError, match=r"photos holds no CAM"):
        photos_of_folder(Path("photos"), Path("photos"))
    with pytest.raises(SecoError, match=r"the folder of CAMs nowhere does not exist"):
        photos_of_folder(Path("nowhere"), Path("photos"))
