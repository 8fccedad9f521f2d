from pathlib import Path

import pytest

from seco.errors import SecoError
from tests.data.own_tree import add_mask, add_photo, make_photos, write_table
from tests.data.preparation import prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_photos(tmp_path / "own")


def test_photographs_labels_and_classes_are_found(root: Path) -> None:
    found = prepared(root, "csv", source="images.csv")
    assert found.faults == []
    assert found.listed.class_names == ["cat", "dog", "person"]
    assert found.labels == {"a": ("dog", "person"), "b": ("cat",), "sub/c": ("dog",)}
    assert set(found.splits.values()) == {"train"}
    assert found.checked[0].record.image == root / "photos/a.jpg"


def test_both_separators_and_repeated_labels_are_read(root: Path) -> None:
    write_table(root, "labels,image", "dog; person |dog;,photos/a.jpg")
    assert prepared(root, "csv", source="images.csv").labels == {"a": ("dog", "person")}


def test_masks_and_splits_have_columns(root: Path) -> None:
    add_mask(root / "masks/a.png", [0, 2])
    write_table(root, "image,labels,split,mask", "photos/a.jpg,dog,train,masks/a.png", "photos/b.png,,holidays,")
    found = prepared(root, "csv", source="images.csv", classes=["cat", "dog"])
    assert found.faults == []
    assert found.splits == {"a": "train", "b": "holidays"}
    assert [item.record.mask for item in found.checked] == [root / "masks/a.png", None]
    assert [item.shown for item in found.checked] == [("dog",), None]


def test_masks_without_classes_are_refused_since_their_values_have_no_names(root: Path) -> None:
    add_mask(root / "masks/a.png", [0, 1])
    write_table(root, "image,labels,mask", "photos/a.jpg,dog,masks/a.png")
    with pytest.raises(SecoError, match=r"line 2 names the mask .* set dataset\.classes to the names of the classes"):
        prepared(root, "csv", source="images.csv")


def test_a_file_for_each_split(root: Path) -> None:
    lists = {
        "train": write_table(root, "image,labels", "photos/a.jpg,dog", name="train.csv"),
        "val": write_table(root, "image,labels", "photos/b.png,dog", name="val.csv"),
    }
    assert prepared(root, "csv", lists=lists).splits == {"a": "train", "b": "val"}
    write_table(root, "image,labels,split", "photos/b.png,dog,test", name="val.csv")
    with pytest.raises(SecoError, match=r"val\.csv, line 1: the column 'split' is unknown"):
        prepared(root, "csv", lists=lists)


def test_a_split_is_made_where_there_is_none(root: Path) -> None:
    lines = []
    for number in range(10):
        add_photo(root / f"photos/{number}.jpg")
        lines.append(f"photos/{number}.jpg,{'dog' if number < 5 else 'cat'}")
    write_table(root, "image,labels", *lines)
    first = prepared(root, "csv", source="images.csv", validation_share=0.2, split_seed=0).splits
    assert sorted(first.values()) == ["train"] * 8 + ["val"] * 2
    held_out = {image_id for image_id, split in first.items() if split == "val"}
    assert len(held_out & set("01234")) == 1, "one of each class"
    assert first == prepared(root, "csv", source="images.csv", validation_share=0.2, split_seed=0).splits
    others = [prepared(root, "csv", source="images.csv", validation_share=0.2, split_seed=seed) for seed in range(1, 9)]
    assert any(other.splits != first for other in others)


@pytest.mark.parametrize("split", ["", "my split", "../up", "a/b"])
def test_a_split_must_be_a_name(root: Path, split: str) -> None:
    write_table(root, "image,labels,split", f"photos/a.jpg,dog,{split}", "photos/b.png,dog,train")
    (fault,) = prepared(root, "csv", source="images.csv").faults
    assert f"images.csv, line 2: the split {split!r} is no name" in fault


def test_an_image_cell_must_be_a_path(root: Path) -> None:
    write_table(root, "image,labels", ",dog", "photos,dog")
    told = prepared(root, "csv", source="images.csv").faults
    assert told[0].endswith("line 2: '' is no path: name a file")
    assert "photos cannot be read: Is a directory" in told[1]
