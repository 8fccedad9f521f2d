"""Which photographs `--images` means: folders, files, patterns, text lists and CSV files."""

import os
from pathlib import Path

import pytest

from seco.data.photographs import FoundPhotograph, find_photographs
from seco.errors import SecoError
from tests.data.trees import add_photo


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    for name in ("shots/a.jpg", "shots/sub/b.PNG", "shots/.hidden.jpg", "other/a.png"):
        add_photo(tmp_path / name)
    (tmp_path / "shots/notes.txt").write_text("no photograph")
    return tmp_path


def ids(places: list[str | Path]) -> list[str]:
    return [found.id for found in find_photographs([str(place) for place in places])]


def test_folders_files_and_patterns(shots: Path) -> None:
    assert ids([shots / "shots"]) == ["a", "sub/b"]
    assert ids([shots / "shots/sub/b.PNG", shots / "other"]) == ["b", "a"]
    assert ids([shots / "shots/**/*.[jP]*"]) == ["a", "b"]
    assert ids([shots / "shots", shots / "shots/a.jpg"]) == ["a", "sub/b"], "a photograph that is named twice"


def test_lists_with_and_without_labels(shots: Path) -> None:
    (shots / "list.txt").write_text("shots/a.jpg\n\nother/a.png\n")
    assert ids([shots / "list.txt"]) == ["shots/a", "other/a"]
    (shots / "list.csv").write_text('image,labels\nshots/a.jpg,"cat;dog"\nother/a.png,\n')
    found = find_photographs([str(shots / "list.csv")])
    assert [item.labels for item in found] == [("cat", "dog"), ()]
    (shots / "list.csv").write_text("filename\nshots/a.jpg\n")
    assert find_photographs([str(shots / "list.csv")]) == [FoundPhotograph("shots/a", shots / "shots/a.jpg", None)]


def test_the_labels_of_an_images_lines_are_joined(shots: Path) -> None:
    (shots / "list.csv").write_text("image,labels\nshots/a.jpg,cat\nother/a.png,\nshots/a.jpg,dog;cat\n")
    found = find_photographs([str(shots / "list.csv")])
    assert [(item.id, item.labels) for item in found] == [("shots/a", ("cat", "dog")), ("other/a", ())]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nowhere", "nowhere is no folder, photograph, list or pattern that fits a file: correct --images"),
        ("empty", "empty holds no photograph"),
        ("bad.txt", r"bad\.txt, line 2: .*gone\.jpg does not exist: correct the line"),
        ("bad.csv", r"bad\.csv, line 1: the column 'image' is missing"),
        ("comma.csv", r"comma\.csv, line 2: .* not as many cells as the header: put quotes around a cell"),
        ("lost.csv", r"lost\.csv, line 2: .*gone\.jpg.* does not exist"),
    ],
)
def test_bad_places_are_refused(shots: Path, place: str, sentence: str) -> None:
    (shots / "empty").mkdir()
    (shots / "bad.txt").write_text("shots/a.jpg\ngone.jpg\n")
    (shots / "bad.csv").write_text("photo,labels\nshots/a.jpg,cat\n")
    (shots / "comma.csv").write_text("image,labels\nshots/a.jpg,cat,dog\n")
    (shots / "lost.csv").write_text("image,labels\ngone.jpg,cat\n")
    with pytest.raises(SecoError, match=sentence):
        find_photographs([str(shots / place)])


def test_two_photographs_of_one_name_are_refused(shots: Path) -> None:
    with pytest.raises(SecoError, match=r"a\.jpg and .*other/a\.png would both have results of the name a: rename one"):
        find_photographs([str(shots / "shots"), str(shots / "other")])


def test_links_in_a_circle_end(shots: Path) -> None:
    os.symlink(shots / "shots", shots / "shots/sub/again")  # noqa: PTH211
    with pytest.raises(SecoError, match="is a link to a folder that it lies in"):
        find_photographs([str(shots / "shots")])


@pytest.mark.parametrize(("name", "text"), [("list.txt", "\n\n"), ("list.csv", "image,labels\n")])
def test_a_list_without_photographs_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SecoError, match="no photograph is named there"):
        find_photographs([str(tmp_path / name)])
