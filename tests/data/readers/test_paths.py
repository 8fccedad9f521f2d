import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seco.data.readers.paths import names_in, path_below
from seco.errors import SecoError
from tests.data.trees import add_photo, faults_of, prepared, write_table


@pytest.mark.parametrize("text", ["a.jpg", "sub/a.jpg", "./a.jpg", "sub/../a.jpg", "..a.jpg", "sub/..a"])
def test_a_path_below_stays_relative_to_the_root(text: str) -> None:
    path = path_below(Path("data/own"), text, outside_root=False)
    assert path.is_relative_to("data/own")
    assert ".." not in path.parts


def test_an_absolute_path_below_the_root_becomes_relative_to_it(folder: Path) -> None:
    assert path_below(Path("own"), str(folder / "own/a.jpg"), outside_root=False) == Path("own/a.jpg")


@pytest.mark.parametrize("text", ["../a.jpg", "../own-other/a.jpg", "/etc/passwd", "sub/../../a.jpg", ".."])
def test_a_path_that_leads_out_is_refused_unless_allowed(text: str) -> None:
    with pytest.raises(SecoError, match=r"leads out of own: copy the file there, or set prepare\.outside_root to true"):
        path_below(Path("own"), text, outside_root=False)
    path = path_below(Path("own"), text, outside_root=True)
    assert path.is_absolute()
    assert ".." not in path.parts


@pytest.mark.parametrize("text", ["", "a\0.jpg"])
def test_text_that_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(SecoError, match="is no path: name a file"):
        path_below(Path("own"), text, outside_root=True)


def test_names_are_sorted_and_a_missing_folder_has_none(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).touch()
    assert names_in(tmp_path) == ["a", "b"]
    assert names_in(tmp_path / "missing") == []
    with pytest.raises(SecoError, match="cannot be read: Not a directory"):
        names_in(tmp_path / "a")


def test_images_outside_the_root_are_listed_if_allowed(own: Path) -> None:
    outside = add_photo(Path("elsewhere/x.jpg")).absolute()
    write_table(own, "image,labels", "photos/a.jpg,dog", "../elsewhere/x.jpg,dog")
    (fault,) = faults_of(own, "csv")
    assert fault.startswith("own/images.csv, line 3: '../elsewhere/x.jpg' leads out of own")
    found = prepared(own, "csv", outside_root=True)
    assert [record.image for record in found.records] == [own / "photos/a.jpg", outside]
    assert list(found.labels) == ["own/photos/a", "elsewhere/x"]


@contextmanager
def unreadable(folder: Path) -> Iterator[None]:
    """Take all rights to a folder away, and give up the superuser's rights, to whom every folder is readable."""
    folder.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o777)


@pytest.mark.parametrize(
    ("data_format", "fault"),
    [
        ("folders", "{root}/dog cannot be read: Permission denied; correct it or its permissions"),
        (
            "csv",
            "{root}/images.csv, line 3: {root}/dog/x.jpg cannot be read: Permission denied; "
            "correct it or its permissions",
        ),
    ],
)
def test_an_unreadable_folder_is_reported(data_format: str, fault: str) -> None:
    with tempfile.TemporaryDirectory() as parent:  # pytest's own folders are not open to all users
        root = Path(parent) / "own"
        for label in ("cat", "dog"):
            add_photo(root / label / "x.jpg")
        write_table(root, "image,labels", "cat/x.jpg,cat", "dog/x.jpg,dog")
        for path in (root.parent, *root.parent.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        with unreadable(root / "dog"):
            faults = faults_of(root, data_format)
    assert faults == [fault.format(root=root)]
