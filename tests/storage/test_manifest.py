import json
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.manifest import Manifest, Record, read_manifest, write_manifest

ROOT = Path("data/raw/x")
DOG = Record(
    "a, b",
    ROOT / "a, b.jpg",
    ROOT / "a.png",
    ("dog", "person"),
    "train",
    500,
    375,
    Path("fixed/a.png"),
)
CAT = Record("sub/c", Path("/elsewhere/c.jpg"), None, ("cat",), "val", 3, 2)
MANIFEST = Manifest(records=(DOG, CAT), class_names=("cat", "dog", "person"))
HEADER = "id,image,mask,labels,split,width,height,corrected\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = Path("data/prepare")
    write_manifest(folder, MANIFEST, summary={"images": 2})
    return folder


def test_a_manifest_survives_the_round_trip(folder: Path) -> None:
    assert read_manifest(folder) == MANIFEST
    assert json.loads((folder / "summary.json").read_text()) == {"images": 2}
    assert (folder / "classes.csv").read_text() == "id,name\n1,cat\n2,dog\n3,person\n"


def test_more_classes_than_a_mask_can_hold_are_refused(folder: Path) -> None:
    lines = [f"{number},class {number}" for number in range(1, 2001)]
    (folder / "classes.csv").write_text("\n".join(["id,name", *lines, ""]))
    with pytest.raises(SecoError, match=r"classes\.csv lists 2000 classes, but a mask holds 254 at most"):
        read_manifest(folder)


def test_the_columns_are_as_documented(folder: Path) -> None:
    lines = (folder / "manifest.csv").read_text().splitlines()
    assert lines[0] + "\n" == HEADER
    assert lines[1] == '"a, b","../raw/x/a, b.jpg",../raw/x/a.png,dog;person,train,500,375,../../fixed/a.png'
    assert lines[2] == "sub/c,/elsewhere/c.jpg,,cat,val,3,2,"


def test_the_data_folder_can_be_moved(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").rename(tmp_path / "moved")
    monkeypatch.chdir("/")
    record = read_manifest(tmp_path / "moved" / "prepare").records[0]
    assert record.image == tmp_path / "moved" / "raw" / "x" / "a, b.jpg"


def test_splits_and_label_ids() -> None:
    assert MANIFEST.splits == ("train", "val")
    assert MANIFEST.split("val") == [CAT]
    assert MANIFEST.label_ids(DOG) == (2, 3)
    with pytest.raises(SecoError, match="no split 'test': choose one of train, val"):
        MANIFEST.split("test")


def test_a_missing_manifest_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"classes\.csv is missing: run `seco prepare`"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("id,image\n", r"manifest\.csv, line 1: the columns must be id,image,mask"),
        (HEADER, "lists no image"),
        (HEADER + "a,a.jpg,,cat,train,3,2\n", "line 2: 7 cells instead of 8"),
        (HEADER + "a,a.jpg,,cat,train,3,x,\n", "line 2: width and height must be whole numbers"),
        (HEADER + "a,a.jpg,,cat,train,3,0,\n", "line 2: the image's size is 3x0"),
        (HEADER + "a,a.jpg,,cow,train,3,2,\n", r"line 2: the label 'cow' is not in classes\.csv"),
        (HEADER + "../a,a.jpg,,cat,train,3,2,\n", r"line 2: '\.\./a' cannot be an image's id"),
        (HEADER + "a,a.jpg,,cat,..,3,2,\n", r"line 2: the split '\.\.' is no name"),
        (HEADER + "a,a.jpg,,cat,train,3,2,\na,b.jpg,,cat,train,3,2,\n", "line 3: the id 'a' is there twice"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_damaged_manifest_names_file_line_and_command(folder: Path, content: str | bytes, sentence: str) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "manifest.csv").write_bytes(data)
    with pytest.raises(SecoError, match=sentence + r".*`seco prepare` again|" + sentence):
        read_manifest(folder)


def test_a_class_that_masks_and_tables_have_already_is_refused(folder: Path) -> None:
    (folder / "classes.csv").write_text("id,name\n1,cat\n2,Background\n")
    with pytest.raises(SecoError, match=r"classes\.csv, line 3: the class 'Background' is no class.*`seco prepare`"):
        read_manifest(folder)
