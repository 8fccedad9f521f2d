from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.trees import HEIGHT, WIDTH, Prepared, add_photo, faults_of, prepared, write_list

ROOT = Path("own")
CAT, DOG = (250, 50, 83), (51, 221, 255)
LABEL_MAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ndog:51,221,255::\ncat:250,50,83::\n"


def add_coloured(name: str, *colours: tuple[int, int, int], folder: str = "SegmentationClass") -> Path:
    """Write a mask whose columns have the colours in turn."""
    path = ROOT / folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = np.resize(np.array(colours, np.uint8), (WIDTH, 3))
    Image.fromarray(np.tile(columns, (HEIGHT, 1, 1))).save(path)
    return path


@pytest.fixture(autouse=True)
def export(folder: Path) -> None:
    for name in ("a", "b", "nested/c"):
        add_photo(ROOT / "JPEGImages" / f"{name}.jpg")
    add_coloured("a", (0, 0, 0), CAT)
    add_coloured("b", DOG)
    add_coloured("nested/c", (0, 0, 0))
    (ROOT / "labelmap.txt").write_text(LABEL_MAP)
    write_list(ROOT, "default", ["a", "b", "nested/c"])


def values(found: Prepared) -> list[list[int]]:
    return [np.unique(np.asarray(Image.open(str(record.mask)))).tolist() for record in found.records]


def test_colours_become_classes_in_the_order_of_the_file() -> None:
    found = prepared(ROOT, "cvat")
    assert found.faults == []
    assert found.dataset.class_names == ("dog", "cat")
    assert found.labels == {"a": ("cat",), "b": ("dog",), "nested/c": ()}
    assert values(found) == [[0, 2], [1], [0]]


def test_other_colours_or_classes_are_drawn_anew() -> None:
    prepared(ROOT, "cvat")
    add_coloured("b", CAT, DOG)
    assert values(prepared(ROOT, "cvat"))[1] == [1, 2]
    assert values(prepared(ROOT, "cvat", classes=["bird", "cat", "dog"]))[1] == [2, 3]
    (ROOT / "labelmap.txt").write_text(LABEL_MAP.replace("cat:", "cow:"))
    assert prepared(ROOT, "cvat").labels["b"] == ("dog", "cow")


def test_subsets_are_splits() -> None:
    (ROOT / "ImageSets/Segmentation/default.txt").unlink()
    write_list(ROOT, "Train", ["a", "b"])
    write_list(ROOT, "Validation", ["nested/c"])
    assert prepared(ROOT, "cvat").splits == {"a": "train", "b": "train", "nested/c": "val"}


def test_a_background_of_another_colour_is_background() -> None:
    (ROOT / "labelmap.txt").write_text(LABEL_MAP.replace("background:0,0,0", "Background:9,9,9"))
    for name in ("a", "nested/c"):
        add_coloured(name, (9, 9, 9), CAT)
    assert values(prepared(ROOT, "cvat")) == [[0, 2], [1], [0, 2]]


def test_the_colour_that_voc_ignores_is_255_under_that_name_alone() -> None:
    add_coloured("b", DOG, (224, 224, 192))
    for name, expected, classes in (("ignored", [1, 255], ("dog", "cat")), ("boat", [1, 3], ("dog", "cat", "boat"))):
        (ROOT / "labelmap.txt").write_text(f"{LABEL_MAP}{name}:224,224,192::\n")
        found = prepared(ROOT, "cvat")
        assert found.dataset.class_names == classes
        assert values(found)[1] == expected


def test_masks_at_fault_are_reported_and_others_read() -> None:
    add_coloured("b", DOG, (1, 2, 3))
    (ROOT / "SegmentationClass/a.png").unlink()
    first, second = (found := prepared(ROOT, "cvat")).faults
    assert first.endswith("the mask own/SegmentationClass/a.png does not exist: restore it")
    assert second.endswith("b.png holds colours that own/labelmap.txt does not name: (1, 2, 3)")
    assert list(found.labels) == ["nested/c"]


@pytest.mark.parametrize("line", ["cat", "cat:1,2::", "cat:1,2,256::", "cat:a,b,c::", "cat:-1,0,0::", "cat:1,2,3,4::"])
def test_a_line_of_another_form_is_named(line: str) -> None:
    (ROOT / "labelmap.txt").write_text(f"# label\n{line}\n")
    fault = f"own/labelmap.txt, line 2: {line!r} is not of the form name:red,green,blue::"
    assert faults_of(ROOT, "cvat") == [fault]
