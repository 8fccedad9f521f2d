"""A folder's format is recognised where it has one alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.readers.test_cvat import LABEL_MAP, add_coloured
from tests.data.trees import (
    add_mask,
    add_photo,
    add_voc_image,
    annotate,
    faults_of,
    listed_image,
    make_json,
    make_photos,
    prepared,
    write_list,
    write_table,
)

ROOT = Path("own")
pytestmark = pytest.mark.usefixtures("folder")


def write_json(name: str, *images: str, category: str = "dog") -> None:
    content = {
        "images": [listed_image(number, image) for number, image in enumerate(images)],
        "annotations": [{"image_id": number, "category_id": 1} for number in range(len(images))],
        "categories": [{"id": 1, "name": category}],
    }
    (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(content))


def csv() -> None:
    make_photos(ROOT)


def one_hot() -> None:
    make_photos(ROOT)
    write_table(ROOT, "filename,dog,cat", "photos/a.jpg,1,0", "photos/b.png,0,1")


def one_hot_of_roboflow() -> None:
    for split in ("train", "valid"):
        add_photo(ROOT / split / f"{split}.jpg")
        write_table(ROOT / split, "filename, cat, dog", f"{split}.jpg, 1, 0", name="_classes.csv")


def one_file() -> None:
    make_json(ROOT)
    (ROOT / "images.csv").unlink()


def roboflow() -> None:
    for split in ("train", "valid", "test"):
        add_photo(ROOT / split / f"{split}.jpg")
        write_json(f"{split}/_annotations.coco.json", f"{split}.jpg")


def fiftyone() -> None:
    add_photo(ROOT / "data/a.jpg")
    write_json("labels.json", "a.jpg")


def coco_of_cvat() -> None:
    add_photo(ROOT / "images/a.jpg")
    write_json("annotations/instances_default.json", "a.jpg")


def coco() -> None:
    for name in ("train2017", "val2017"):
        add_photo(ROOT / name / f"{name}.jpg")
        write_json(f"annotations/instances_{name}.json", f"{name}.jpg", category="person")


def voc() -> None:
    for name in ("a", "b"):
        add_voc_image(ROOT, name, names=["dog"], mask_values=[0, 12])
    write_list(ROOT, "train", ["a"])
    write_list(ROOT, "val", ["b"])


def cvat() -> None:
    add_photo(ROOT / "JPEGImages/a.jpg")
    add_coloured("a", (250, 50, 83))
    (ROOT / "labelmap.txt").write_text(LABEL_MAP)
    write_list(ROOT, "default", ["a"])


def labelme() -> None:
    add_photo(ROOT / "sub/a.jpg")
    shapes = [{"label": "dog", "points": [[1, 1], [5, 1], [5, 5]]}]
    content = {"imagePath": "a.jpg", "imageWidth": 12, "imageHeight": 8, "shapes": shapes}
    (ROOT / "sub/a.json").write_text(json.dumps(content))


def yolo() -> None:
    add_photo(ROOT / "train/images/a.jpg")
    (ROOT / "train/labels").mkdir()
    (ROOT / "train/labels/a.txt").write_text("0 0 0 1 0 1 1")
    (ROOT / "data.yaml").write_text("names: [dog]\ntrain: ../train/images\n")


def folders() -> None:
    for name in ("cat/1.jpg", "dog/1.jpg"):
        add_photo(ROOT / name)


def folders_of_splits() -> None:
    for name in ("train/cat/1.jpg", "val/dog/1.jpg"):
        add_photo(ROOT / name)


FORMS: list[tuple[Callable[[], None], str, str]] = [
    (csv, "csv: images.csv", "a b sub/c"),
    (one_hot, "one_hot: images.csv", "a b"),
    (one_hot_of_roboflow, "one_hot: train from train/_classes.csv, val from valid/_classes.csv",
     "train/train valid/valid"),
    (one_file, "json: images.json", "a b"),
    (
        roboflow,
        "json: test from test/_annotations.coco.json, train from train/_annotations.coco.json, "
        "val from valid/_annotations.coco.json",
        "test/test train/train valid/valid",
    ),
    (fiftyone, "json: labels.json", "a"),
    (coco_of_cvat, "json: annotations/instances_default.json", "a"),
    (coco, "coco: train from train2017, val from val2017", "train2017 val2017"),
    (voc, "voc: train from train, val from val", "a b"),
    (cvat, "cvat: .", "a"),
    (labelme, "labelme: .", "a"),
    (yolo, "yolo: .", "a"),
    (folders, "folders: .", "cat/1 dog/1"),
    (folders_of_splits, "folders: .", "train/cat/1 val/dog/1"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "described", "ids"), FORMS)
def test_the_format_of_a_folder_is_recognised(make: Callable[[], None], described: str, ids: str) -> None:
    make()
    found = prepared(ROOT, "auto")
    assert found.faults == []
    assert found.dataset.notes[0] == f"own was read as {described}"
    assert sorted(found.labels) == ids.split()


@pytest.mark.parametrize(("make", "described", "ids"), FORMS)
def test_the_root_may_lie_above_the_data(make: Callable[[], None], described: str, ids: str) -> None:
    make()
    shutil.move(ROOT, "export")
    shutil.move("export", ROOT / "my export")
    if make is not folders:  # there the folder above is a class
        found = prepared(ROOT, "auto")
        assert found.dataset.notes[0] == f"own/my export was read as {described}"
        assert sorted(found.labels) == ids.split()


@pytest.mark.parametrize(
    ("first", "second", "names"), [(csv, yolo, "yolo or csv"), (voc, one_file, "voc or json"), (voc, csv, "voc or csv")]
)
def test_a_folder_of_two_formats_is_refused(first: Callable[[], None], second: Callable[[], None], names: str) -> None:
    first()
    second()
    assert faults_of(ROOT, "auto") == [f"own can be read as {names}: set prepare.format to one of them"]


def several(*names: str) -> str:
    return (
        f"own holds several lists, {', '.join(names)}: set prepare.format and prepare.lists, which names a list a split"
    )


def test_no_list_or_folder_is_passed_over() -> None:
    csv()
    shutil.move(ROOT / "images.csv", ROOT / "train_1.csv")
    shutil.copy(ROOT / "train_1.csv", ROOT / "train_2.csv")
    assert faults_of(ROOT, "auto") == [several("train_1.csv", "train_2.csv")]


def test_no_set_of_voc_is_passed_over() -> None:
    voc()
    for old, new in (("train", "day1"), ("val", "day2")):
        shutil.move(next(ROOT.rglob(f"{old}.txt")), next(ROOT.rglob("ImageSets/*")) / f"{new}.txt")
    assert faults_of(ROOT, "auto") == [several("day1", "day2")]


def test_no_folder_of_labelme_is_passed_over() -> None:
    labelme()
    for name in ("train", "val"):
        shutil.copytree(ROOT / "sub", ROOT / name)
    assert faults_of(ROOT, "auto") == [several("train", "val", "sub")]


def test_no_export_of_a_split_is_passed_over() -> None:
    for name in ("1", "2"):
        add_photo(ROOT / f"train/{name}.jpg")
        write_json(f"train/{name}.json", f"{name}.jpg")
    assert faults_of(ROOT, "auto") == [several("train/1.json", "train/2.json")]


def test_lists_need_a_format() -> None:
    csv()
    (fault,) = faults_of(ROOT, "auto", lists={"train": "images.csv"})
    assert fault.startswith("prepare.format auto finds the splits itself")


def test_masks_of_numbers_still_need_classes() -> None:
    voc()
    annotate(ROOT, "a", "<object><name>gnu</name></object>")
    (fault,) = faults_of(ROOT, "auto")
    assert "set prepare.classes to the names of the classes" in fault
    add_mask(ROOT / "SegmentationClassAug/a.png", [1])
    assert prepared(ROOT, "auto", classes=["gnu", "dog"], lists=None).labels["a"] == ("gnu",)
