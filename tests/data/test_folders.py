from pathlib import Path

import pytest

from seco.errors import SecoError
from tests.data.own_tree import add_photo
from tests.data.preparation import prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("cat/1.jpg", "cat/deep/er/2.PNG", "dog/1.jpg", "dog/3.webp"):
        add_photo(tmp_path / "own" / name)
    return tmp_path / "own"


def test_the_folder_of_an_image_is_its_label(root: Path) -> None:
    found = prepared(root, "folders")
    assert found.faults == []
    assert found.labels == {"cat/1": ("cat",), "cat/deep/er/2": ("cat",), "dog/1": ("dog",), "dog/3": ("dog",)}
    assert found.listed.class_names == ["cat", "dog"]


def test_a_folder_for_each_split(root: Path) -> None:
    add_photo(root / "more/held out/dog/4.jpg")
    (root / "train").mkdir()
    for label in ("cat", "dog"):
        (root / label).rename(root / "train" / label)
    found = prepared(root, "folders", lists={"train": "train", "val": "more/held out"})
    assert found.splits["train/cat/1"] == "train"
    assert found.splits["more/held out/dog/4"] == "val"


def test_other_files_are_passed_over_and_links_followed(root: Path) -> None:
    (root / "cat/notes.txt").write_text("striped")
    (root / "cat/.hidden.jpg").write_text("")
    (root / "Thumbs.db").write_text("")
    add_photo(root.parent / "elsewhere/9.jpg")
    (root / "cat/linked").symlink_to(root.parent / "elsewhere")
    found = prepared(root, "folders")
    assert found.faults == []
    assert set(found.ids) == {"cat/1", "cat/deep/er/2", "cat/linked/9", "dog/1", "dog/3"}


def test_photographs_that_would_be_missed_are_told(root: Path) -> None:
    (root / "cat/5.HEIC").write_bytes(b"x")
    add_photo(root / "6.jpg")
    assert prepared(root, "folders").faults == [
        f"{root}/6.jpg lies in no class folder: move it into {root}/<class>",
        f"{root}/cat/5.HEIC: .heic files cannot be read: convert it to JPEG or PNG, or move it elsewhere",
    ]


def test_a_folder_without_images_has_no_class(tmp_path: Path) -> None:
    (tmp_path / "own/cat").mkdir(parents=True)
    with pytest.raises(SecoError, match="the data has no class, but it takes from 1 to 254: check the labels"):
        prepared(tmp_path / "own", "folders")


def test_a_missing_split_folder_is_named(root: Path) -> None:
    with pytest.raises(SecoError, match=r"own/train is no folder: correct dataset\.root or dataset\.lists"):
        prepared(root, "folders", lists={"train": "train"})


def test_an_unknown_class_folder_gets_a_hint(root: Path) -> None:
    assert (
        "dog/1.jpg: the class 'dog' is unknown: did you mean 'dogs'?"
        in prepared(root, "folders", classes=["cat", "dogs"]).faults[0]
    )
