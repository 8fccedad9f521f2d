import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.data.class_sets import COCO
from tests.data.trees import (
    HEIGHT,
    SQUARE,
    WIDTH,
    Prepared,
    add_photo,
    add_turned_photo,
    faults_of,
    listed_image,
    make_json,
    make_photos,
    prepared,
)

ROOT = Path("own")
pytestmark = pytest.mark.usefixtures("folder")


def masks(found: Prepared) -> list[np.ndarray | None]:
    return [None if record.mask is None else np.asarray(Image.open(record.mask)) for record in found.records]


def test_images_labels_and_masks_are_found() -> None:
    found = prepared(make_json(ROOT), "json")
    assert found.faults == []
    assert found.labels == {"a": ("dog",), "b": ("cat",)}
    assert found.dataset.class_names == ("cat", "dog"), "in the order of the category ids"
    square = np.zeros((HEIGHT, WIDTH), np.uint8)
    square[2:6, 2:8] = 1
    assert np.array_equal(masks(found), [2 * square, square])
    assert [item.shown for item in found.dataset.images] == [("dog",), ("cat",)]


def test_a_byte_order_mark_spaces_and_unknown_keys_are_read() -> None:
    path = make_json(ROOT) / "images.json"
    content = {"info": {"year": 2014}, **json.loads(path.read_text()), "licenses": [[], None]}
    path.write_text(f"\ufeff {json.dumps(content, indent=1)}\n", encoding="utf-8")
    assert prepared(ROOT, "json").labels == {"a": ("dog",), "b": ("cat",)}


def test_without_segmentations_there_are_only_labels() -> None:
    annotations = [
        {"image_id": 7, "category_id": 1},
        {"image_id": 7, "category_id": 2, "segmentation": []},
        {"image_id": 3, "category_id": 1, "bbox": [1, 1, 3, 3]},
    ]
    found = prepared(make_json(ROOT, annotations=annotations), "json")
    assert found.labels == {"a": ("cat", "dog"), "b": ("cat",)}
    assert masks(found) == [None, None]


def test_an_image_without_annotations_shows_nothing_and_has_a_mask_where_others_have_outlines() -> None:
    found = prepared(make_json(ROOT, add={"images": [listed_image(9, "photos/sub/c.jpg")]}), "json")
    assert found.faults == []
    assert found.labels == {"a": ("dog",), "b": ("cat",), "sub/c": ()}
    last = masks(found)[-1]
    assert last is not None
    assert not last.any()


def test_a_file_for_predictions_needs_images_alone() -> None:
    make_json(ROOT)
    (ROOT / "test.json").write_text(json.dumps({"images": [listed_image(1, "photos/sub/c.jpg")]}))
    found = prepared(ROOT, "json", lists={"train": "images.json", "test": "test.json"}, source=None)
    assert found.faults == []
    assert found.labels["sub/c"] == ()
    assert masks(found)[-1] is None


@pytest.mark.parametrize(("image_id", "named"), [(7, "7"), ("7", 7), (7.0, 7), (" 7", "7 ")])
def test_ids_may_be_numbers_or_texts(image_id: float | str, named: float | str) -> None:
    annotations = [{"image_id": named, "category_id": "2", "segmentation": SQUARE}]
    found = prepared(make_json(ROOT, images=[listed_image(image_id, "photos/a.jpg")], annotations=annotations), "json")
    assert found.faults == []
    assert found.labels == {"a": ("dog",)}


def test_entries_of_one_image_are_joined() -> None:
    annotations = [
        {"image_id": 7, "category_id": 2, "segmentation": SQUARE},
        {"image_id": 8, "category_id": 1, "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]},
    ]
    images = [listed_image(7, "photos/a.jpg"), listed_image(8, "photos/a.jpg")]
    found = prepared(make_json(ROOT, images=images, annotations=annotations), "json")
    assert found.labels == {"a": ("cat", "dog")}
    assert np.array_equal(np.unique(masks(found)[0]), [0, 1, 2])
    images[1]["width"] += 1
    first, second = prepared(make_json(ROOT, images=images, annotations=annotations), "json").faults
    assert "the id 'a' is listed twice" in first
    assert "with another size" in second


@pytest.mark.parametrize(
    "entry",
    [
        {"image_id": 7, "category_id": 2**70},
        {"image_id": 7, "category_id": "9" * 5000},
        {"image_id": 7, "category_id": None},
        {"image_id": 7},
    ],
)
def test_an_image_with_a_faulty_annotation_is_left_out(entry: dict) -> None:
    found = prepared(make_json(ROOT, add={"annotations": [entry]}), "json")
    (fault,) = found.faults
    assert fault.startswith("own/images.json: the image 'photos/a.jpg': entry 3 of annotations has")
    assert list(found.labels) == ["b"]


@pytest.mark.parametrize("entry", ["1" * 5000, '{"id": 1e999}', '{"id": 1' + "0" * 5000 + "}", "null"])
def test_an_entry_that_cannot_be_decoded_hides_no_other(entry: str) -> None:
    path = make_json(ROOT) / "images.json"
    path.write_text(path.read_text().replace('"categories": [', f'"categories": [{entry}, '))
    found = prepared(ROOT, "json")
    assert len(found.faults) == 1
    assert list(found.labels) == ["a", "b"]


def test_roboflows_layout_is_read() -> None:
    for folder, name in (("train", "a.jpg"), ("valid", "b.jpg"), ("valid", "B2.JPG")):
        add_photo(ROOT / folder / name)
    for folder, names in (("train", ["a.jpg"]), ("valid", ["b.jpg", "b2.jpg"])):
        content = {
            "images": [listed_image(number, name) for number, name in enumerate(names)],
            "annotations": [{"image_id": number, "category_id": 1} for number in range(len(names))],
            "categories": [{"id": 0, "name": "animals"}, {"id": 1, "name": "dog"}],
        }
        (ROOT / folder / "_annotations.coco.json").write_text(json.dumps(content))
    lists = {"train": "train/_annotations.coco.json", "val": "valid/_annotations.coco.json"}
    found = prepared(ROOT, "json", lists=lists, source=None)
    assert found.faults == []
    assert found.splits == {"train/a": "train", "valid/b": "val", "valid/B2": "val"}
    assert found.dataset.class_names == ("dog",)


@pytest.mark.parametrize("name", ["images", "data"])
def test_the_folders_of_annotation_tools_are_searched(name: str) -> None:
    make_json(ROOT, images=[listed_image(7, "a.jpg"), listed_image(3, "b.png")])
    (ROOT / "photos").rename(ROOT / name)
    found = prepared(ROOT, "json")
    assert [record.image for record in found.records] == [ROOT / name / "a.jpg", ROOT / name / "b.png"]


def test_the_listed_size_must_be_that_of_the_upright_photograph() -> None:
    make_json(ROOT)
    add_turned_photo(ROOT / "photos/a.jpg")
    (fault,) = prepared(ROOT, "json").faults
    assert f"photos/a.jpg is {HEIGHT}x{WIDTH} pixels, but its outlines were drawn on {WIDTH}x{HEIGHT}" in fault


HUGE = listed_image(7, "photos/a.jpg") | {"width": 10**5, "height": 10**5}
BAD_OUTLINE = {"id": 5, "image_id": 7, "category_id": 1, "segmentation": [[1, 2, 3]]}
IMAGE = "the image 'photos/a.jpg'"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"images": [{"id": 7}]}, "entry 1 of images has no 'file_name'"),
        ({"images": [7]}, "entry 1 of images is not an object with keys"),
        ({"images": [{"file_name": "a"}]}, "entry 1 of images has no 'id'"),
        ({"images": [{"id": 1.5, "file_name": "a"}]}, "has the 'id' 1.5, which is no whole number or text"),
        ({"images": [{"id": True, "file_name": "a"}]}, "has the 'id' True, which is no whole number or text"),
        ({"images": [{"id": 7, "file_name": ""}]}, "has the 'file_name' '', which is no text"),
        ({"add": {"images": [listed_image(7, "x")]}}, "entry 3 of images has the id '7' of an entry before it"),
        ({"images": [listed_image(7, "../a.jpg")]}, "the image '../a.jpg': '../a.jpg' leads out of own"),
        ({"images": [{"id": 7, "file_name": "photos/a.jpg"}]}, f"{IMAGE}: it has no width and height, which"),
        ({"images": [HUGE]}, f"{IMAGE}: it is listed with more than 80 million pixels"),
        ({"categories": [{"id": "x1", "name": "cat"}]}, "has the 'id' 'x1', which is no whole number of up to 64 bits"),
        ({"categories": [{"id": 1, "name": "a\0b"}]}, "has the 'name' 'a\\x00b', which is no text"),
        ({"categories": [{"id": 1, "name": "cat"}]}, f"{IMAGE}: its category 2 is not listed"),
        ({"add": {"categories": [{"name": "cow"}]}}, "entry 3 of categories has no 'id'"),
        ({"add": {"categories": [{"id": 1, "name": "cow"}]}}, "entry 3 of categories has the id 1 of an entry"),
        ({"annotations": [{"image_id": 7, "category_id": "x"}]}, f"{IMAGE}: entry 1 of annotations has the"),
        ({"add": {"annotations": [{"category_id": 1}]}}, "entry 3 of annotations has no 'image_id'"),
        ({"add": {"annotations": [{"image_id": 8, "category_id": 1}]}}, "annotations name the image '8', which is not"),
        ({"annotations": [BAD_OUTLINE]}, f"{IMAGE}: the outline of annotation 5 does not fit 12x8 pixels"),
    ],
)
def test_entries_at_fault_are_reported_with_their_place(changes: dict, fault: str) -> None:
    faults = prepared(make_json(ROOT, **changes), "json").faults
    assert any(fault in sentence for sentence in faults), faults
    assert all(sentence.startswith("own/images.json: ") for sentence in faults)


NO_JSON = "own/images.json is not the JSON it should be: "


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{}", "own/images.json has no images and no annotations and no categories: export it in COCO's form"),
        (b'{"images": [], "categories": [1]}', "own/images.json has no images and no annotations: export it"),
        (b'[{"image_id": 1}]', NO_JSON),
        (b'{"images": 5}', NO_JSON),
        (b"", NO_JSON),
        (b"<html></html>", f"{NO_JSON}invalid character (byte 0); export it again"),
        (b'{"images": [1, ', NO_JSON),
        (b'{"images": [1 2]}', f"{NO_JSON}expected ',' or ']' (byte 14)"),
        (b'{"images": [1]}}', NO_JSON),
        (b'{"images": [NaN]}', NO_JSON),
        (b'{"images": ' + b"[" * 100_000, NO_JSON),
        (b'{"images": [' + b"[" * 9_000 + b"]" * 9_000 + b"]}", NO_JSON),
        (b'{"images": [{"id": 1, "file_name": "\\ud800.jpg"}]}', NO_JSON),
        (None, "own/images.json does not exist: restore it, or correct the section prepare"),
    ],
)
def test_a_file_of_another_form_is_refused(content: bytes | None, fault: str) -> None:
    make_photos(ROOT)
    if content is not None:
        (ROOT / "images.json").write_bytes(content)
    (found,) = faults_of(ROOT, "json")
    assert found.startswith(fault)


def test_cocos_layout_is_read() -> None:
    """Two splits, category ids with gaps, an image without annotations and one that shows a crowd only."""
    crowd = {"size": [HEIGHT, WIDTH], "counts": [0, 10, 86]}
    (ROOT / "annotations").mkdir(parents=True)
    for split, image_ids in (("train2014", (5, 6, 7)), ("val2014", (8,))):
        names = {image_id: f"COCO_{split}_{image_id:012}.jpg" for image_id in image_ids}
        for name in names.values():
            add_photo(ROOT / split / name)
        annotations = [
            {"image_id": image_id, "category_id": 90, "iscrowd": int(image_id == 7)}
            | {"segmentation": crowd if image_id == 7 else SQUARE}
            for image_id in image_ids
            if image_id != 6
        ]
        images = [listed_image(image_id, name) for image_id, name in names.items()]
        categories = [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}]
        content = {"annotations": annotations, "images": images, "categories": categories}
        (ROOT / f"annotations/instances_{split}.json").write_text(json.dumps(content))
    found = prepared(ROOT, "coco", classes="coco", lists={"train": "train2014", "val": "val2014"})
    assert found.faults == []
    assert found.labels == {
        "COCO_train2014_000000000005": ("toothbrush",),
        "COCO_train2014_000000000007": ("toothbrush",),
        "COCO_val2014_000000000008": ("toothbrush",),
    }
    assert found.dataset.unlabelled == {"train": 1}
    assert found.dataset.class_names == COCO
    first, second, _ = masks(found)
    assert np.array_equal(np.unique(first), [0, 80])
    assert np.flatnonzero(np.asarray(second).T.ravel() == 255).tolist() == list(range(10)), "run lengths go down"


def test_an_image_whose_annotation_is_malformed_is_a_problem_not_unlabelled() -> None:
    for name in ("train2014/1.jpg", "train2014/2.jpg"):
        add_photo(ROOT / name)
    content = {
        "images": [listed_image(1, "1.jpg"), listed_image(2, "2.jpg")],
        "annotations": [{"image_id": 1, "category_id": 1}, {"image_id": 2}],
        "categories": [{"id": 1, "name": "person"}],
    }
    (ROOT / "annotations").mkdir()
    (ROOT / "annotations/instances_train2014.json").write_text(json.dumps(content))
    found = prepared(ROOT, "coco", classes="coco", lists={"train": "train2014"})
    assert len(found.faults) == 1
    assert "category_id" in found.faults[0]
    assert found.dataset.unlabelled == {}
