from pathlib import Path

import pytest

from tests.data.trees import add_photo, faults_of, prepared


@pytest.fixture
def root(folder: Path) -> Path:
    for name in ("cat/1.jpg", "cat/deep/er/2.PNG", "dog/1.jpg", "dog/3.webp"):
        add_photo(Path("own") / name)
    return Path("own")


def test_the_folder_of_an_image_is_its_label(root: Path) -> None:
    found = prepared(root, "folders")
    assert found.faults == []
    assert found.labels == {"cat/1": ("cat",), "cat/deep/er/2": ("cat",), "dog/1": ("dog",), "dog/3": ("dog",)}
    assert found.dataset.class_names == ("cat", "dog")


def test_a_folder_for_each_split(root: Path) -> None:
    add_photo(root / "more/held out/dog/4.jpg")
    (root / "train").mkdir()
    for label in ("cat", "dog"):
        (root / label).rename(root / "train" / label)
    found = prepared(root, "folders", lists={"train": "train", "val": "more/held out"})
    assert found.splits["train/cat/1"] == "train"
    assert found.splits["more/held out/dog/4"] == "val"


def test_other_files_are_ignored_and_links_followed(root: Path) -> None:
    (root / "cat/notes.txt").write_text("striped")
    (root / "cat/.hidden.jpg").write_text("")
    (root / "Thumbs.db").write_text("")
    add_photo(root.parent / "elsewhere/9.jpg")
    (root / "cat/linked").symlink_to("../../elsewhere")
    found = prepared(root, "folders")
    assert found.faults == []
    assert set(found.labels) == {"cat/1", "cat/deep/er/2", "cat/linked/9", "dog/1", "dog/3"}


def test_photographs_that_would_be_missed_and_links_in_a_circle_are_reported(root: Path) -> None:
    (root / "cat/5.HEIC").write_bytes(b"x")
    add_photo(root / "6.jpg")
    (root / "dog/again").symlink_to("..")
    (root / "dog/self.jpg").symlink_to("self.jpg")
    assert faults_of(root, "folders") == [
        "own/6.jpg lies in no class folder: move it into own/<class>",
        "own/cat/5.HEIC: .heic files cannot be read: convert it to JPEG or PNG, or move it elsewhere",
        "own/dog/again is a link to a folder that it lies in: remove it",
        "own/dog/self.jpg cannot be read: Too many levels of symbolic links; remove the link",
    ]


def test_a_missing_split_folder_is_named(root: Path) -> None:
    fault = "own/train is no folder: correct prepare.root or prepare.lists"
    assert faults_of(root, "folders", lists={"train": "train"}) == [fault]
