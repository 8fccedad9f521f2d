import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.data.trees import HEIGHT, WIDTH, Prepared, add_photo, faults_of, prepared

ROOT = Path("own")
SQUARE = [[2, 2], [8, 2], [8, 6], [2, 6]]


def annotate(name: str, *shapes: Any, **changes: Any) -> Path:
    """Write the JSON file of an image."""
    content = {"imagePath": f"{Path(name).name}.jpg", "imageWidth": WIDTH, "imageHeight": HEIGHT, "shapes": shapes}
    path = ROOT / f"{name}.json"
    path.write_text(json.dumps(content | changes))
    return path


def shape(label: str = "cat", points: Any = SQUARE, **changes: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": "polygon", **changes}


@pytest.fixture(autouse=True)
def photos(folder: Path) -> None:
    for name in ("a", "sub/b", "c"):
        add_photo(ROOT / f"{name}.jpg")
    annotate("a", shape("dog"), shape("cat", [[0, 0], [2, 2]], shape_type="rectangle"))


def masks(found: Prepared) -> list[np.ndarray]:
    return [np.asarray(Image.open(str(record.mask))) for record in found.records]


def test_shapes_become_labels_and_masks() -> None:
    annotate("sub/b", shape("cat", [[6, 4], [6, 7]], shape_type="circle"), shape("dog", [[1, 1]], shape_type="point"))
    annotate("c")
    found = prepared(ROOT, "labelme")
    assert found.faults == []
    assert found.labels == {"a": ("cat", "dog"), "c": (), "sub/b": ("cat", "dog")}
    first, empty, circle = masks(found)
    assert (np.count_nonzero(first == 2), np.count_nonzero(first == 1)) == (24, 4)
    assert not empty.any()
    assert 20 < np.count_nonzero(circle == 1) < 36, "about pi times 3 squared"


def bitmap(corners: Any, *, rows: Any = ((1, 0, 1), (0, 1, 1)), data: str | None = None) -> dict[str, Any]:
    """Return a shape of the type "mask"."""
    buffer = io.BytesIO()
    Image.fromarray(np.array(rows, bool)).save(buffer, format="PNG")
    text = base64.b64encode(buffer.getvalue()).decode() if data is None else data
    return shape("dog", corners, shape_type="mask", mask=text)


def test_bitmaps_become_masks() -> None:
    annotate("a", shape("cat"), bitmap([[9, 6], [11, 7]]))
    (mask,) = masks(prepared(ROOT, "labelme"))
    assert mask[6:, 9:].tolist() == [[2, 0, 2], [0, 2, 2]]
    assert np.count_nonzero(mask == 2) == 4


def test_images_without_a_file_are_left_out_and_told() -> None:
    found = prepared(ROOT, "labelme")
    assert list(found.labels) == ["a"]
    assert found.dataset.notes == ("own: images without a JSON file, left out: 2, such as own/c.jpg",)


def test_other_splits_need_no_file() -> None:
    for name in ("a.jpg", "a.json"):
        (ROOT / "train").mkdir(exist_ok=True)
        (ROOT / name).rename(ROOT / "train" / name)
    found = prepared(ROOT, "labelme", lists={"train": "train", "test": "sub"})
    assert found.labels == {"train/a": ("cat", "dog"), "sub/b": ()}


@pytest.mark.parametrize("path", ["..\\elsewhere\\b.jpg", "C:\\ann\\b.jpg", "B.JPG", "", None, 5, "missing.jpg"])
def test_the_photograph_is_found_beside_its_file(path: object) -> None:
    annotate("sub/b", shape("cat"), imagePath=path)
    found = prepared(ROOT, "labelme")
    assert found.faults == []
    assert found.labels["sub/b"] == ("cat",)


@pytest.mark.parametrize(
    ("shapes", "changes", "fault"),
    [
        ([{"points": SQUARE}], {}, "a shape has no label: correct it"),
        ([7], {}, "a shape has no label: correct it"),
        ([shape(points=5)], {}, "the outline of annotation cat does not fit 12x8 pixels"),
        ([shape(points=[[1, 2], [3]])], {}, "the outline of annotation cat does not fit"),
        ([shape(points=[[1, 2], [1e9, 3], [4, 4]])], {}, "(a point lies far outside)"),
        ([bitmap([[10, 6], [12, 7]])], {}, "(its bitmap lies outside)"),
        ([bitmap([[-1, 6], [1, 7]])], {}, "(its bitmap lies outside)"),
        ([bitmap([[0, 6], [1, 7]])], {}, "(its bitmap is of another size than its corners say)"),
        ([bitmap([[0, 6], [2, 7]], data="AAAA")], {}, "the outline of annotation dog does not fit"),
        ([bitmap([[0, 6], [2, 7]], data="é")], {}, "the outline of annotation dog does not fit"),
        ([shape("dog", [[0, 6], [2, 7]], shape_type="mask")], {}, "the outline of annotation dog does not fit"),
        ([shape()], {"imageWidth": None}, "its size (None, 8) is none of an image"),
        ([shape()], {"imageWidth": 10**9}, "is none of an image"),
        ([shape()], {"imageWidth": 13}, "outlines were drawn on 13x8"),
    ],
)
def test_faults_are_reported_and_others_read(shapes: list, changes: dict, fault: str) -> None:
    annotate("sub/b", *shapes, **changes)
    found = prepared(ROOT, "labelme")
    assert list(found.labels) == ["a"]
    (told,) = found.faults
    assert fault in told


def test_other_json_files_are_ignored_and_broken_ones_reported() -> None:
    (ROOT / "classes.json").write_text('["cat"]')
    (ROOT / "sub/b.json").write_text('{"shapes": [')
    (fault,) = faults_of(ROOT, "labelme")
    assert fault.startswith("own/sub/b.json is not readable JSON")
