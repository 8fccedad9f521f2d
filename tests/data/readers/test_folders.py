import os
import shutil
from pathlib import Path

import pytest

from seco.data.problems import write_problems
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
    add_photo(root / "__MACOSX/cat/1.jpg")
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
        "own/dog/self.jpg cannot be read: Too many levels of symbolic links; correct the links, which lead in a circle",
    ]


def test_folders_called_like_splits_are_splits(root: Path) -> None:
    for split in ("train", "valid", "Test"):
        for label in ("cat", "dog"):
            add_photo(root / split / label / "1.jpg")
    add_photo(root / "Test/unsorted.jpg")
    for label in ("cat", "dog"):
        shutil.rmtree(root / label)
    found = prepared(root, "folders")
    assert found.faults == []
    assert found.dataset.class_names == ("cat", "dog")
    assert found.splits == {
        "train/cat/1": "train", "train/dog/1": "train", "valid/cat/1": "val", "valid/dog/1": "val",
        "Test/cat/1": "test", "Test/dog/1": "test", "Test/unsorted": "test",
    }  # fmt: skip
    assert found.labels["Test/unsorted"] == ()
    assert found.dataset.notes == ("own: the folders Test, train, valid were read as splits",)


@pytest.mark.parametrize(
    "names", [("training_set", "test_set"), ("Train2014", "Val2014"), ("train-data", "validation")]
)
def test_splits_have_many_names(root: Path, names: tuple[str, str]) -> None:
    for label, name in zip(("cat", "dog"), names, strict=True):
        (root / name).mkdir()
        (root / label).rename(root / name / label)
    assert set(prepared(root, "folders").splits.values()) == {"train", "test" if "test_set" in names else "val"}


@pytest.mark.parametrize("names", [["masks"], ["Images"], ["val"], ["train", "val"], ["test"], ["labels", "train"]])
def test_folders_that_are_no_classes_are_refused(root: Path, names: list[str]) -> None:
    for name in names:
        add_photo(root / name / "1.jpg")
    (fault,) = faults_of(root, "folders")
    assert fault.startswith("own holds ")
    assert "which would be read as classes: set prepare.root to the folder of the class folders" in fault


def test_a_train_may_be_the_vehicle(root: Path) -> None:
    add_photo(root / "train/1.jpg")
    assert prepared(root, "folders").dataset.class_names == ("cat", "dog", "train")


def test_images_of_nothing_lie_in_a_folder_of_their_own(root: Path) -> None:
    add_photo(root / "None/1.jpg")
    found = prepared(root, "folders")
    assert found.dataset.class_names == ("cat", "dog")
    assert found.labels["None/1"] == ()


def test_names_that_are_not_utf_8_and_deep_folders_are_reported(root: Path) -> None:
    for name in (b"own/cat/caf\xe9.jpg", b"own/caf\xe9/1.jpg"):
        path = Path(os.fsdecode(name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((root / "cat/1.jpg").read_bytes())
    deep = os.open(root / "dog", os.O_RDONLY)
    for _ in range(150):
        os.mkdir("d", dir_fd=deep)
        inner = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = inner
    os.close(deep)
    found = prepared(root, "folders")
    assert list(found.labels) == ["cat/1", "cat/deep/er/2", "dog/1", "dog/3"]
    first, second, third = found.faults
    assert first == "the name of own/caf\udce9 is not UTF-8: rename it"
    assert second == "the name of own/cat/caf\udce9.jpg is not UTF-8: rename it"
    assert third.endswith("lies more than 100 folders deep: move it up")
    written = write_problems(root.parent / "prepared", found.dataset.problems).read_text(encoding="utf-8")
    assert "own/caf\\udce9," in written


def test_a_missing_split_folder_is_named(root: Path) -> None:
    fault = "own/train is no folder: correct prepare.root or prepare.lists"
    assert faults_of(root, "folders", lists={"train": "train"}) == [fault]
