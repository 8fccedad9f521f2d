from pathlib import Path

import pytest

from seco.data.preparing import Inspected, Statistics, linked_folders, write_dataset
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.storage.manifest import read_manifest
from tests.data.own_tree import make_json, make_photos
from tests.data.preparation import Prepared, prepared
from tests.data.voc_tree import CLASSES, make_tree


def write(found: Prepared, folder: Path, store: Path) -> Statistics:
    problems = [Problem(Path("x.jpg"), "x.jpg is empty")]
    inspected = Inspected(found.checked, problems, tuple(found.listed.class_names), {"val": 2})
    return write_dataset(folder, inspected, store=store)


def test_the_manifest_and_what_belongs_to_it_are_written(tmp_path: Path) -> None:
    make_json(tmp_path / "own")
    found = prepared(tmp_path / "own", "json", source="images.json")
    told = write(found, tmp_path / "prepared", tmp_path / "own-cache/masks")
    assert sorted(path.name for path in (tmp_path / "prepared").iterdir()) == [
        "classes.csv",
        "cooccurrence.csv",
        "manifest.csv",
        "masks",
        "summary.json",
    ]
    manifest = read_manifest(tmp_path / "prepared")
    assert [record.id for record in manifest.records] == ["a", "b"]
    assert manifest.records[0].mask == tmp_path / "prepared/masks/a.png"
    assert told.summary["left_out_without_label"] == {"val": 2}
    assert told.summary["problems"] == 1


def test_pairs_are_counted_with_their_lift(tmp_path: Path) -> None:
    make_photos(tmp_path / "own")
    told = write(prepared(tmp_path / "own", "csv", source="images.csv"), tmp_path / "prepared", tmp_path)
    lines = (tmp_path / "prepared/cooccurrence.csv").read_text().splitlines()
    assert lines == [
        "class,other,images_of_class,images_of_other,images_together,lift",
        "cat,dog,1,2,0,0",
        "cat,person,1,1,0,0",
        "dog,person,2,1,1,1.5",
    ]
    assert told.lifts[2, 3] == 3 * 1 / (2 * 1)


def test_without_an_image_to_train_on_nothing_is_written(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "own")
    found = prepared(root, "voc", classes=CLASSES, lists={"val": "val"})
    with pytest.raises(SecoError, match="no image is in the split 'train'"):
        write(found, tmp_path / "prepared", tmp_path)
    assert not (tmp_path / "prepared").exists()


def test_folders_that_are_links_are_told_but_not_the_root_itself(tmp_path: Path) -> None:
    make_photos(tmp_path / "photographs")
    (tmp_path / "own").symlink_to("photographs")
    (tmp_path / "photographs/photos/sub").rename(tmp_path / "elsewhere")
    (tmp_path / "photographs/photos/sub").symlink_to(tmp_path / "elsewhere")
    found = prepared(tmp_path / "own", "csv", source="images.csv")
    assert found.faults == []
    assert linked_folders(tmp_path / "own", found.checked) == [tmp_path / "own/photos/sub"]
