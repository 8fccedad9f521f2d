import json
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from seco.errors import SecoError
from tests.conversion.masks import CLASSES, converted, found_masks, some_masks
from tests.conversion.test_brush import decode

pytestmark = pytest.mark.usefixtures("masks")


def test_tasks_hold_the_masks() -> None:
    tasks = json.loads((converted("label-studio", "out") / "tasks.json").read_text(encoding="utf-8"))
    expected = some_masks(ignore=True)
    assert [task["data"]["image"] for task in tasks] == [
        *("/data/local-files/?d=a.jpg", "/data/local-files/?d=sub/b%20c.jpg"),
        *("/data/local-files/?d=void.jpg", "/data/local-files/?d=%C3%9F.jpg"),
    ]
    for task in tasks:
        mask = expected[unquote(task["data"]["image"].rpartition("=")[2]).removesuffix(".jpg")]
        drawn = np.where(mask == 255, 255, 0).astype(np.uint8)
        (prediction,) = task["predictions"]
        for result in prediction["result"]:
            assert (result["original_height"], result["original_width"]) == mask.shape
            (name,) = result["value"]["brushlabels"]
            alpha = np.array(decode(result["value"]["rle"])).reshape(*mask.shape, 4)[..., 3]
            drawn[alpha > 0] = CLASSES.index(name) + 1
        np.testing.assert_array_equal(drawn, mask)


def test_the_interface_has_the_names_that_the_tasks_use() -> None:
    names = ("a & b", '<"quoted">', "it's", "ß")
    out = converted("label-studio", "out", masks=found_masks(classes=names), url="https://host/photos/")
    view = ElementTree.fromstring((out / "labels.xml").read_text(encoding="utf-8"))
    image, brush = view
    assert [label.get("value") for label in brush] == list(names)
    assert len({label.get("background") for label in brush}) == len(names)
    task = json.loads((out / "tasks.json").read_text(encoding="utf-8"))[0]
    assert image.get("value") == f"${next(iter(task['data']))}"
    assert task["data"]["image"] == "https://host/photos/a.jpg"
    (result, *_) = task["predictions"][0]["result"]
    assert (result["from_name"], result["to_name"]) == (brush.get("name"), image.get("name")) == ("label", "image")


def test_a_control_sign_in_a_class_is_refused_and_nothing_left() -> None:
    before = sorted(Path().rglob("*"))
    with pytest.raises(SecoError, match=r"the class 'b\\x1b' has a control sign"):
        converted("label-studio", "out", masks=found_masks(classes=("a", "b\x1b", "c")))
    assert sorted(Path().rglob("*")) == before
