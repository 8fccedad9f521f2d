import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from seco.errors import SecoError
from tests.conversion.masks import CLASSES, PHOTOS, converted, found_masks, some_masks
from tests.data.trees import add_photo

pytestmark = pytest.mark.usefixtures("masks")


def drawn(coco: COCO, image_id: int) -> np.ndarray:
    """Return the mask of an image's annotations."""
    image = coco.imgs[image_id]
    mask = np.zeros((image["height"], image["width"]), np.uint8)
    for entry in coco.imgToAnns[image_id]:
        pixels = coco.annToMask(entry) > 0
        assert not mask[pixels].any()
        mask[pixels] = entry["category_id"]
    return mask


@pytest.mark.parametrize("polygons", [False, True])
def test_pycocotools_reads_the_masks(polygons: bool) -> None:
    coco = COCO(str(converted("coco", "masks.json", polygons=polygons)))
    assert [category["name"] for category in coco.cats.values()] == list(CLASSES)
    for number, (name, mask) in enumerate(sorted(some_masks(ignore=True).items()), start=1):
        assert coco.imgs[number]["file_name"] == f"{name}.jpg"
        np.testing.assert_array_equal(drawn(coco, number), np.where(mask == 255, 0, mask))
        shown = sorted(set(np.unique(mask).tolist()) - {0, 255})
        assert [entry["category_id"] for entry in coco.imgToAnns[number]] == shown, "one for each class"
        for entry in coco.imgToAnns[number]:
            rows, columns = np.nonzero(mask == entry["category_id"])
            assert entry["area"] == len(rows)
            left, top, width, height = entry["bbox"]
            assert (left, top) == (columns.min(), rows.min())
            assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)
    assert sorted(coco.anns) == list(range(1, len(coco.anns) + 1))


def test_results_have_the_numbers_of_coco() -> None:
    coco = COCO(str(converted("coco", "masks.json")))
    results = coco.loadRes(str(converted("coco-results", "results.json", masks=found_masks(images=None))))
    for number in coco.imgs:
        np.testing.assert_array_equal(drawn(results, number), drawn(coco, number))
    assert {entry["score"] for entry in results.anns.values()} == {1.0}


def annotations(**changes: Any) -> Path:
    """Write a file of other ids, for images in other folders."""
    sizes = {name: mask.shape for name, mask in some_masks(ignore=False).items()}
    images = [
        {"id": 70 + place, "file_name": f"val/{name}.png", "height": height, "width": width, "license": 3}
        for place, (name, (height, width)) in enumerate(sizes.items())
    ]
    categories = [{"id": 30 - place, "name": name} for place, name in enumerate((*CLASSES, "cow"))]
    path = Path("given.json")
    path.write_text(json.dumps({"images": images, "categories": categories, **changes}), encoding="utf-8")
    return path


def test_results_have_the_numbers_of_a_given_file() -> None:
    path = converted("coco-results", "results.json", coco_images=annotations())
    results = COCO("given.json").loadRes(str(path))
    for place, mask in enumerate(some_masks(ignore=True).values()):
        numbers = np.array([0, 30, 29, 28, 0])[np.minimum(mask, 4)]
        np.testing.assert_array_equal(drawn(results, 70 + place), numbers)


IMAGE = {"id": 1, "file_name": "a.jpg"}
CATEGORIES = [{"id": number, "name": name} for number, name in enumerate(CLASSES)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"categories": [{"id": 1, "name": "Cat"}]}, "given.json has no category 'cat': did you mean Cat?"),
        ({"images": [IMAGE]}, "given.json has no image of the name of masks/sub/b c.png: correct --coco-images"),
        (
            {"images": [{**IMAGE, "file_name": "x/a.jpg"}, {**IMAGE, "file_name": "y/a.jpg"}]},
            "has 2 images of the name",
        ),
        (
            {"images": [{**IMAGE, "file_name": "x/a.jpg"}, {**IMAGE, "file_name": "elsewhere/b c.jpg"}]},
            "has no image of",
        ),
        ({"images": [{**IMAGE, "file_name": ""}]}, "given.json: the image 1 has no file_name: export it again"),
        ({"images": [{**IMAGE, "id": None}]}, "given.json is no JSON file of images and categories in COCO's form"),
        ({"images": 3}, "given.json is no JSON file of images and categories in COCO's form"),
    ],
)
def test_a_given_file_that_does_not_fit_is_refused(changes: dict, told: str) -> None:
    with pytest.raises(SecoError) as error:
        converted("coco-results", "results.json", coco_images=annotations(**changes))
    assert told in str(error.value)
    assert not Path("results.json").exists()


def test_an_image_of_another_size_in_a_given_file_is_refused() -> None:
    content = json.loads(annotations().read_text())
    content["images"][0]["width"] += 1
    with pytest.raises(
        SecoError, match=r"masks/a.png is 13x9 pixels but given.json lists its image 'val/a.png' with 14x9"
    ):
        converted("coco-results", "results.json", coco_images=annotations(**content))


def test_two_masks_of_one_given_image_are_refused() -> None:
    (Path("masks/val")).mkdir()
    Path("masks/val/a.png").write_bytes(Path("masks/a.png").read_bytes())
    add_photo(PHOTOS / "val/a.jpg", size=(13, 9))
    with pytest.raises(SecoError, match=r"masks/a.png and masks/val/a.png are masks of one image of given.json"):
        converted("coco-results", "results.json", coco_images=annotations())
