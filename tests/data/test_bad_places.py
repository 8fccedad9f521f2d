"""Bad input of every kind gets a sentence: what is wrong, where, and the remedy. Here: paths, links and permissions."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.data.own_tree import add_photo, write_table
from tests.data.preparation import prepared, told, told_of_voc
from tests.data.voc_tree import make_tree, write_list


def test_symlink_loops(root: Path) -> None:
    for label in ("cat", "dog"):
        add_photo(root / "classes" / label / "x.jpg")
    (root / "classes/dog/again").symlink_to("../../classes")
    (root / "classes/dog/self.jpg").symlink_to("self.jpg")
    assert told(root, "folders", lists={"train": "classes"}) == [
        "own/classes/dog/again is a link to a folder that it lies in: remove it",
        "own/classes/dog/self.jpg cannot be read: Too many levels of symbolic links; "
        "correct the file or its permissions",
    ]


def test_a_link_that_leads_nowhere(root: Path) -> None:
    (root / "photos/a.jpg").unlink()
    (root / "photos/a.jpg").symlink_to("moved.jpg")
    assert told(root) == [
        "own/images.csv, line 2: own/photos/a.jpg is a link that leads nowhere: restore it or take it off the list"
    ]


@contextmanager
def as_somebody() -> Iterator[None]:
    """Give up the superuser's rights, to whom every folder is readable, for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's, with a photograph in each of two class folders."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "own"
        for label in ("cat", "dog"):
            add_photo(root / label / "x.jpg")
        for path in (root.parent, *root.parent.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield root


def test_an_unreadable_folder(shared: Path) -> None:
    (shared / "dog").chmod(0)
    with as_somebody():
        faults = told(shared, "folders")
    (shared / "dog").chmod(0o777)
    assert faults == [f"{shared}/dog cannot be read: Permission denied; correct it or its permissions"]


def test_photographs_in_an_unreadable_folder(shared: Path) -> None:
    write_table(shared, "image,labels", "cat/x.jpg,cat", "dog/x.jpg,dog")
    (shared / "dog").chmod(0)
    with as_somebody():
        faults = told(shared)
    (shared / "dog").chmod(0o777)
    assert faults == [
        f"{shared}/images.csv, line 3: {shared}/dog/x.jpg cannot be read: Permission denied; "
        "correct the file or its permissions"
    ]


def test_an_unreadable_folder_of_vocs_masks(shared: Path) -> None:
    tree = make_tree(shared / "VOC2012")
    write_list(tree, "val", ["c"])
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (tree / "SegmentationClassAug").chmod(0)
    with as_somebody():
        faults = told_of_voc(tree)
    (tree / "SegmentationClassAug").chmod(0o777)
    assert faults == [f"{tree}/SegmentationClassAug cannot be read: Permission denied; correct it or its permissions"]


def test_paths_out_of_the_root(root: Path, tmp_path: Path) -> None:
    inside, outside = tmp_path / "own/photos/a.jpg", add_photo(tmp_path / "elsewhere/x.jpg")
    write_table(
        root, "image,labels", f"{inside},dog", f"{outside},dog", "../elsewhere/x.jpg,dog", "photos/../photos/b.png,cat"
    )
    remedy = "copy the file there, or set prepare.outside_root to true"
    assert told(root) == [
        f"own/images.csv, line 3: {str(outside)!r} leads out of own: {remedy}",
        f"own/images.csv, line 4: '../elsewhere/x.jpg' leads out of own: {remedy}",
    ]


def test_paths_out_of_the_root_if_asked_for(root: Path, tmp_path: Path) -> None:
    outside = add_photo(tmp_path / "elsewhere/x.jpg")
    write_table(root, "image,labels", "photos/a.jpg,dog", "../elsewhere/x.jpg,dog")
    found = prepared(root, "csv", source="images.csv", outside_root=True)
    assert [item.record.image for item in found.checked] == [root / "photos/a.jpg", outside]
    assert found.ids == ["own/photos/a", "elsewhere/x"]
