import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.data.class_sets import VOC
from seco.errors import SecoError
from seco.storage.label_map import palette
from seco.storage.masks import mask_path, write_mask
from tests.conversion.masks import MASKS, add_masks, converted, found_masks, some_masks

FOLDER = "results/VOC2012/Segmentation/comp6_test_cls"
IDS = Path("test.txt")


@pytest.fixture(autouse=True)
def masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    add_masks({name: mask for name, mask in some_masks(ignore=False).items() if "/" not in name})
    IDS.write_text("void\n a \nß\n", encoding="utf-8")


def archive(out: str = "results.tgz", *, classes: tuple[str, ...] = VOC, ids: Path | None = IDS) -> Path:
    return converted("voc-test", out, masks=found_masks(classes=classes), ids=ids)


@pytest.mark.parametrize("out", ["results.tgz", "results.tar.gz", "results.zip"])
def test_the_archive_has_the_masks_of_the_list(out: str) -> None:
    path = archive(out)
    if out.endswith("zip"):
        with zipfile.ZipFile(path) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
    else:
        with tarfile.open(path, "r:gz") as opened_tar:
            members = opened_tar.getmembers()
            assert all(member.isfile() for member in members)
            files = {member.name: opened_tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert sorted(files) == [f"{FOLDER}/{name}.png" for name in ("a", "void", "ß")]
    for name in ("a", "void", "ß"):
        image = Image.open(io.BytesIO(files[f"{FOLDER}/{name}.png"]))
        assert image.mode == "P"
        assert image.getpalette() == list(palette())
        np.testing.assert_array_equal(np.asarray(image), some_masks(ignore=False)[name])


def told(**arguments: object) -> str:
    with pytest.raises(SecoError) as error:
        archive(**arguments)  # type: ignore[arg-type]
    assert not list(Path().glob("*results*")) + list(Path().glob(".*"))
    return str(error.value)


def test_uncertain_pixels_are_refused() -> None:
    write_mask(mask_path(MASKS, "a"), some_masks(ignore=True)["a"])
    assert told().startswith("the mask masks/a.png holds 255 (uncertain), which the test server does not take")


def test_an_id_above_20_and_another_size_are_refused() -> None:
    write_mask(mask_path(MASKS, "a"), np.full((9, 13), 21, np.uint8))
    assert told().startswith("mask masks/a.png holds the value 21, but class ids are 0..20 and 255")
    write_mask(mask_path(MASKS, "a"), np.zeros((13, 9), np.uint8))
    assert told().startswith("masks/a.png is 9x13 pixels but its image is 13x9")


@pytest.mark.parametrize(
    ("classes", "fault"),
    [
        (VOC[:19], "there are 19 classes, but the test server takes VOC's 20"),
        ((*VOC, "zebra"), "the class 21 is 'zebra', but the test server takes VOC's 20 classes in their order"),
        (tuple(sorted(VOC, reverse=True)), "the class 1 is 'tvmonitor', but the test server takes VOC's 20 classes"),
    ],
)
def test_other_classes_are_refused(classes: tuple[str, ...], fault: str) -> None:
    assert told(classes=classes).startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"a\n", "masks/void.png is the mask of an image that test.txt does not list (2 masks are not listed)"),
        (b"a\nvoid\nx\ny\n\xc3\x9f\n", "there is no mask of 'x', which test.txt lists (2 of 5 images have none)"),
        (b"\n \n", "the list test.txt names no image"),
        (b"\xff\n", "the list test.txt cannot be read"),
        (None, "the list test.txt does not exist"),
    ],
)
def test_masks_must_be_those_of_the_list(text: bytes | None, fault: str) -> None:
    IDS.unlink()
    if text is not None:
        IDS.write_bytes(text)
    assert told().startswith(fault)


def test_the_list_is_needed() -> None:
    assert told(ids=None).startswith("the format voc-test needs the list of the test images: give --ids")
