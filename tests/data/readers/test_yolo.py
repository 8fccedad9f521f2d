from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.trees import add_photo, faults_of, prepared

ROOT = Path("own")
NAMES = "names: [cat, dog]\n"
SIZE = (20, 10)
HALF = "0 0 0 0.5 0 0.5 1 0 1\n"


def add(folder: str, name: str, text: str | None, *, labels: str) -> None:
    add_photo(ROOT / folder / f"{name}.jpg", size=SIZE)
    if text is not None:
        (ROOT / labels).mkdir(parents=True, exist_ok=True)
        (ROOT / labels / f"{name}.txt").write_text(text)


@pytest.fixture(autouse=True)
def yolo(folder: Path) -> None:
    add("images/train", "a", HALF + "1 0.75 0.5 0.5 1\n", labels="labels/train")
    add("images/train", "b", "1 0.5 0 1 0 1 1 0.5 1", labels="labels/train")
    add("images/train", "c", None, labels="labels/train")
    add("images/val", "d", "", labels="labels/val")
    (ROOT / "data.yaml").write_text(NAMES + "train: images/train\nval: images/val\n")


def test_outlines_boxes_and_images_of_nothing_are_read() -> None:
    found = prepared(ROOT, "yolo")
    assert found.faults == []
    assert found.dataset.class_names == ("cat", "dog")
    assert found.labels == {"train/a": ("cat", "dog"), "train/b": ("dog",), "train/c": (), "val/d": ()}
    assert found.splits["val/d"] == "val"
    first, second = (np.asarray(Image.open(str(record.mask))) for record in found.records[:2])
    assert np.array_equal(first[:, :10], np.full((10, 10), 1))
    assert np.array_equal(first[:, 10:], np.full((10, 10), 255)), "a box"
    assert np.array_equal(second, np.tile([0] * 10 + [2] * 10, (10, 1)))


@pytest.mark.parametrize(
    "text",
    [
        "path: .\ntrain: images/train\nvalid: images/val\n",
        "path: /home/ann/datasets/own\ntrain: images/train\nval: [images/val]\n",
        "path: own\ntrain: ./images/train/\nval: images\\val\n",
        "train: ../images/train\nval: ../images/val\ntest:\n",
        "train: /home/ann/own/images/train\nval: /home/ann/own/images/val\n",
    ],
)
@pytest.mark.parametrize("names", [NAMES, "names:\n  0: cat\n  1: dog\n"])
def test_folders_are_found_wherever_the_tool_thought_they_were(text: str, names: str) -> None:
    (ROOT / "data.yaml").write_text(names + text)
    assert list(prepared(ROOT, "yolo").splits.values()) == ["train", "train", "train", "val"]


def test_text_files_may_lie_beside_photographs_or_in_a_folder_of_the_split() -> None:
    add("train/images", "e", HALF, labels="train/labels")
    add("flat", "f", HALF, labels="flat")
    found = prepared(ROOT, "yolo", lists={"train": "train/images", "val": "flat"})
    assert found.labels == {"train/images/e": ("cat",), "flat/f": ("cat",)}


def test_a_photograph_of_another_size_is_drawn_anew() -> None:
    prepared(ROOT, "yolo")
    add_photo(ROOT / "images/train/b.jpg", size=(40, 30))
    found = prepared(ROOT, "yolo")
    assert found.faults == []
    assert np.asarray(Image.open(str(found.records[1].mask))).shape == (30, 40)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("cat 0 0 1 0 1 1", "is not of the form: class number, then two coordinates or more"),
        ("0 0 0 1", "is not of the form"),
        ("0 0 0 1 1 0", "is not of the form"),
        ("0 0 0 x 1", "is not of the form"),
        ("7 0 0 1 0 1 1", "names the class 7, but the classes are 0..1"),
        ("0 0 0 9 0 9 9", "(a point lies far outside)"),
        ("0 nan nan nan nan nan nan", "(a point lies far outside)"),
        ("9" * 5000 + " 0 0 1 1", "is not of the form"),
    ],
)
def test_lines_at_fault_are_reported_and_other_images_read(line: str, fault: str) -> None:
    (ROOT / "labels/train/b.txt").write_text(f"{HALF}{line}\n")
    found = prepared(ROOT, "yolo")
    assert list(found.labels) == ["train/a", "train/c", "val/d"]
    assert fault in found.faults[0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "own/data.yaml does not exist"),
        ("train: images/train\n", "own/data.yaml has no list of class names"),
        ("names: []\ntrain: images/train\n", "own/data.yaml has no list of class names"),
        ("names: [[1]]\ntrain: images/train\n", "own/data.yaml has no list of class names"),
        ("names: {a: cat}\ntrain: images/train\n", "own/data.yaml has no list of class names"),
        (NAMES, "own/data.yaml names no folder of images"),
        (NAMES + "train: [[]]\n", "own/data.yaml names no folder of images"),
        (NAMES + "train: images/training\n", "own/images/training is no folder"),
        ("- a\n", "own/data.yaml holds no keys"),
        ("a: &a [x]\nb: [*a, *a]\n" + NAMES, "own/data.yaml names no folder of images"),
        ("a: &a [" + "x, " * 6000 + "]\nb: [*a, *a]\n" + NAMES, "own/data.yaml holds more than 10000 values"),
        ("[" * 50_000, "own/data.yaml holds more than 10000 values, with those that aliases repeat, or more than 30"),
        ("x: " + "y" * 1_000_001, "own/data.yaml is larger than 1000000 bytes"),
        ("names: [0x" + "f" * 5000 + "]\n", "own/data.yaml, line 1: a value has more than 3000 signs"),
        (NAMES + "download: |\n" + "  import os\n" * 1000, "own/data.yaml names no folder of images"),
        ("\x00", "own/data.yaml is not valid YAML"),
    ],
)
def test_a_data_file_of_another_form_is_refused(text: str | None, fault: str) -> None:
    (ROOT / "data.yaml").unlink()
    if text is not None:
        (ROOT / "data.yaml").write_text(text)
    (found,) = faults_of(ROOT, "yolo")
    assert found.startswith(fault)
