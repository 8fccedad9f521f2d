"""What of VOC's and CVAT's layouts the round trips do not show: lists, objects, names."""

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from seco.conversion.mask_set import MaskSet
from seco.errors import SecoError
from tests.conversion.masks import CLASSES, add_masks, converted, found_masks, some_masks

pytestmark = pytest.mark.usefixtures("masks")


def test_each_split_has_a_list() -> None:
    found = found_masks(images=None)
    items = [item._replace(split="val" if item.id == "a" else "train") for item in found.items]
    out = converted("voc", "out", masks=MaskSet(items, CLASSES, None))
    lists = {path.name: path.read_text(encoding="utf-8") for path in (out / "ImageSets/Segmentation").iterdir()}
    assert lists == {"train.txt": "sub/b c\nvoid\nß\n", "val.txt": "a\n"}
    assert not (out / "JPEGImages").exists()


def test_the_label_map_names_the_colours_that_occur() -> None:
    text = (converted("voc", "out") / "labelmap.txt").read_text(encoding="utf-8")
    assert text.splitlines()[1:3] == ["background:0,0,0::", "cat:128,0,0::"]
    assert text.endswith("\nZebra/Okapi:128,128,0::\nignored:224,224,192::\n")
    add_masks(some_masks(ignore=False))
    assert "ignored" not in (converted("voc", "other") / "labelmap.txt").read_text(encoding="utf-8")


def test_cvat_has_an_object_for_each_class_of_an_image() -> None:
    with ZipFile(converted("cvat", "out.zip")) as archive:
        assert archive.read("ImageSets/Segmentation/default.txt").decode() == "a\nsub/b c\nvoid\nß\n"
        for name, mask in some_masks(ignore=True).items():
            objects = np.asarray(Image.open(io.BytesIO(archive.read(f"SegmentationObject/{name}.png"))))
            shown = sorted(set(np.unique(mask).tolist()) - {0, 255})
            for number, class_id in enumerate(shown, start=1):
                assert np.array_equal(objects == number, mask == class_id)
            assert objects.max() == len(shown)


@pytest.mark.parametrize("name", ["voc", "cvat"])
@pytest.mark.parametrize("bad", ["a:b", "#a", "a\nb", " a", "Ignored"])
def test_classes_that_the_label_map_cannot_hold_are_refused(name: str, bad: str) -> None:
    out = {"voc": "out", "cvat": "out.zip"}[name]
    with pytest.raises(SecoError) as error:
        converted(name, out, masks=found_masks(classes=("cat", bad, "dog")))
    assert str(error.value).startswith(f"the class {bad!r} ")
    assert not Path(out).exists()


def test_names_that_no_line_can_hold_are_refused() -> None:
    add_masks({"x\ny": np.zeros((2, 3), np.uint8)})
    with pytest.raises(SecoError, match=r"the mask 'masks/x\\ny.png' has a name that cannot be a line of an image set"):
        converted("voc", "out")
