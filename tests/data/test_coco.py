from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.data.class_sets import COCO
from seco.errors import SecoError
from tests.data.own_tree import HEIGHT, SQUARE, WIDTH, add_photo, make_json, make_photos, write_json
from tests.data.preparation import Prepared, prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "own"


def read(root: Path) -> Prepared:
    return prepared(root, "json", source="images.json")


def masks(found: Prepared) -> list[np.ndarray | None]:
    paths = [item.record.mask for item in found.checked]
    return [None if path is None else np.asarray(Image.open(path)) for path in paths]


def test_images_labels_and_masks_are_found(root: Path) -> None:
    make_json(root)
    found = read(root)
    assert found.faults == []
    assert found.labels == {"a": ("dog",), "b": ("cat",)}
    assert found.listed.class_names == ["cat", "dog"], "in the order of the category ids"
    square = np.zeros((HEIGHT, WIDTH), np.uint8)
    square[2:6, 2:8] = 1
    first, second = masks(found)
    assert np.array_equal(first, 2 * square)
    assert np.array_equal(second, square)
    assert [item.shown for item in found.checked] == [("dog",), ("cat",)]


def test_without_segmentations_there_are_labels_alone(root: Path) -> None:
    make_json(
        root,
        annotations=[
            {"image_id": 7, "category_id": 1},
            {"image_id": 7, "category_id": 2, "segmentation": []},
            {"image_id": 3, "category_id": 1, "bbox": [1, 1, 3, 3]},
        ],
    )
    found = read(root)
    assert found.labels == {"a": ("cat", "dog"), "b": ("cat",)}
    assert masks(found) == [None, None]


def test_images_without_a_label_are_left_out_and_counted(root: Path) -> None:
    content = make_json(root)
    content["images"].append({"id": 9, "file_name": "photos/sub/c.jpg", "width": WIDTH, "height": HEIGHT})
    write_json(root, content)
    found = read(root)
    assert found.ids == ["a", "b"]
    assert found.listed.left_out == {"all": 1}
    assert found.faults == []


@pytest.mark.parametrize("folder", ["images", "data"])
def test_the_folders_of_annotation_tools_are_looked_into(root: Path, folder: str) -> None:
    content = make_json(root)
    (root / "photos").rename(root / folder)
    content["images"][0]["file_name"], content["images"][1]["file_name"] = "a.jpg", "b.png"
    write_json(root, content)
    assert [item.record.image for item in read(root).checked] == [root / folder / "a.jpg", root / folder / "b.png"]


def test_paths_stay_below_the_root(root: Path) -> None:
    content = make_json(root)
    content["images"][0]["file_name"] = "../elsewhere/a.jpg"
    write_json(root, content)
    (fault,) = read(root).faults
    assert f"'../elsewhere/a.jpg' leads out of {root}" in fault


def test_the_listed_size_must_be_that_of_the_upright_photograph(root: Path) -> None:
    make_json(root)
    exif = Image.Exif()
    exif[0x0112] = 6
    add_photo(root / "photos/a.jpg", exif=exif)
    (fault,) = read(root).faults
    assert f"photos/a.jpg is {HEIGHT}x{WIDTH} pixels, but its outlines were drawn on {WIDTH}x{HEIGHT}" in fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"images": [{"id": 7}]}, "entry 1 of images has no 'file_name'"),
        ({"images": [7]}, "entry 1 of images is not an object with keys"),
        ({"images": [{"id": 1.5, "file_name": "a"}]}, "has the 'id' 1.5, which is no whole number or text"),
        ({"images": [{"id": True, "file_name": "a"}]}, "has the 'id' True, which is no whole number or text"),
        ({"images": [{"id": 7, "file_name": ""}]}, "has the 'file_name' '', which is no text"),
        ({"categories": [{"id": "1", "name": "cat"}]}, "has the 'id' '1', which is no whole number"),
        ({"categories": [{"id": 1, "name": "cat"}]}, "the image 'photos/a.jpg': its category 2 is not listed"),
        (
            {"images": [{"id": 7, "file_name": "photos/a.jpg"}]},
            "the image 'photos/a.jpg': it has no width and height, which its outlines need",
        ),
        (
            {"images": [{"id": 7, "file_name": "photos/a.jpg", "width": 10**5, "height": 10**5}]},
            "the image 'photos/a.jpg': it is listed with more than 80 million pixels",
        ),
        (
            {"annotations": [{"image_id": 8, "category_id": 1}, {"image_id": 7, "category_id": 2}]},
            "annotations name the image 8, which is not listed: add it to images",
        ),
        (
            {"annotations": [{"id": 5, "image_id": 7, "category_id": 1, "segmentation": [[1, 2, 3]]}]},
            "the image 'photos/a.jpg': the outline of annotation 5 does not fit 12x8 pixels",
        ),
    ],
)
def test_entries_at_fault_are_told_with_their_place(root: Path, changes: dict, fault: str) -> None:
    make_json(root, **changes)
    faults = read(root).faults
    assert any(fault in told for told in faults), faults
    assert all(told.startswith(f"{root}/images.json: ") for told in faults)


def test_an_id_that_stands_twice_is_told(root: Path) -> None:
    content = make_json(root)
    content["images"].append({**content["images"][0], "file_name": "photos/sub/c.jpg"})
    write_json(root, content)
    (fault,) = read(root).faults
    assert "entry 3 of images has the id 7 of an entry before it" in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "has no images and no annotations and no categories: export it in COCO's form"),
        ('[{"image_id": 1}]', "is not the JSON it should be, near byte 0"),
        ("<html></html>", "is not the JSON it should be, near byte 0"),
    ],
)
def test_a_file_of_another_form_is_refused(root: Path, text: str, fault: str) -> None:
    make_photos(root)
    (root / "images.json").write_text(text)
    with pytest.raises(SecoError, match=fault):
        read(root)


def test_a_missing_file_is_named(root: Path) -> None:
    make_photos(root)
    with pytest.raises(SecoError, match=r"images\.json does not exist"):
        read(root)


def test_cocos_layout_is_read(root: Path) -> None:
    """Two splits, category ids with gaps, an image without annotations and one that shows a crowd alone."""
    for split, image_ids in (("train2014", (5, 6, 7)), ("val2014", (8,))):
        images, annotations = [], []
        for image_id in image_ids:
            name = f"COCO_{split}_{image_id:012}.jpg"
            add_photo(root / split / name)
            images.append({"id": image_id, "file_name": name, "width": WIDTH, "height": HEIGHT})
            if image_id != 6:
                crowd = int(image_id == 7)
                outline = {"size": [HEIGHT, WIDTH], "counts": [0, 10, 86]} if crowd else SQUARE
                annotations.append(
                    {"id": 1, "image_id": image_id, "category_id": 90, "iscrowd": crowd, "segmentation": outline}
                )
        categories = [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}]
        (root / "annotations").mkdir(exist_ok=True)
        content = {"annotations": annotations, "images": images, "categories": categories}
        write_json(root, content)
        (root / "images.json").rename(root / f"annotations/instances_{split}.json")
    found = prepared(root, "coco", classes="coco", lists={"train": "train2014", "val": "val2014"})
    assert found.faults == []
    assert found.labels == {
        "COCO_train2014_000000000005": ("toothbrush",),
        "COCO_train2014_000000000007": ("toothbrush",),
        "COCO_val2014_000000000008": ("toothbrush",),
    }
    assert found.listed.left_out == {"train": 1}
    assert found.listed.class_names == [*COCO]
    first, crowd, _ = masks(found)
    assert first is not None
    assert set(np.unique(first)) == {0, 80}
    assert crowd is not None
    assert np.flatnonzero(crowd.T.ravel() == 255).tolist() == list(range(10)), "run lengths go down the columns"
