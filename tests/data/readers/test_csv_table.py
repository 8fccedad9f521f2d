from pathlib import Path

import pytest

from tests.data.trees import add_mask, add_photo, faults_of, prepared, write_table

ONE_HOT = "if each class has a column, set prepare.format to one_hot"
FORM = "the first line must be image,labels[,split][,mask]"


def test_photographs_labels_and_classes_are_found(own: Path) -> None:
    found = prepared(own, "csv")
    assert found.faults == []
    assert found.dataset.class_names == ("cat", "dog", "person")
    assert found.labels == {"a": ("dog", "person"), "b": ("cat",), "sub/c": ("dog",)}
    assert set(found.splits.values()) == {"train"}
    assert found.records[0].image == own / "photos/a.jpg"


def test_crlf_bom_blank_lines_spaces_quotes_both_separators_and_any_order_of_columns_are_read(own: Path) -> None:
    add_photo(own / "photos/my  dog, 1.jpg")
    text = '\ufefflabels, image \r\n\r\n dog | person ;dog;, photos/a.jpg \r\ndog,"photos/my  dog, 1.jpg"\r\n , \r\n'
    (own / "images.csv").write_bytes(text.encode())
    found = prepared(own, "csv")
    assert found.faults == []
    assert found.labels == {"a": ("dog", "person"), "my  dog, 1": ("dog",)}


def test_masks_and_splits_have_columns(own: Path) -> None:
    add_mask(own / "masks/a.png", [0, 2])
    write_table(own, "image,labels,split,mask", "photos/a.jpg,dog,train,masks/a.png", "photos/b.png,,holidays,")
    found = prepared(own, "csv", classes=["cat", "dog"])
    assert found.faults == []
    assert found.splits == {"a": "train", "b": "holidays"}
    assert [record.mask for record in found.records] == [own / "masks/a.png", None]
    assert [item.shown for item in found.dataset.images] == [("dog",), None]


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("cat; dog", ("cat", "dog")),
        ('"cat, dog"', ("cat", "dog")),
        ('"dog,cat"', ("cat", "dog")),
        ("\"['cat', 'dog']\"", ("cat", "dog")),
        ('"[""dog"", ""cat""]"', ("cat", "dog")),
        ("[dog]", ("dog",)),
        ("\"('dog', 'cat')\"", ("cat", "dog")),
        ('"{dog,cat}"', ("cat", "dog")),
        ("'dog'", ("dog",)),
        ("[]", ()),
        ("", ()),
        ('"; ,"', ()),
        ("dog (adult)", ("dog (adult)",)),
    ],
)
def test_a_cell_may_be_written_as_a_list(own: Path, cell: str, labels: tuple[str, ...]) -> None:
    write_table(own, "image,labels", f"photos/a.jpg,{cell}", "photos/b.png,cat")
    found = prepared(own, "csv")
    assert found.faults == []
    assert found.labels["a"] == labels


def test_the_lines_of_an_image_are_joined(own: Path) -> None:
    columns = "filename,width,height,class,xmin,ymin,xmax,ymax"
    write_table(own, columns, "photos/a.jpg,12,8,dog,1,1,3,3", "b.png,9,9,cat,,,,", "photos\\a.jpg,12,8,cat,4,4,6,6")
    (own / "photos/b.png").rename(own / "b.png")
    found = prepared(own, "csv")
    assert found.faults == []
    assert found.labels == {"photos/a": ("cat", "dog"), "b": ("cat",)}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("photos/a.jpg,cat,val,masks/a.png", "with another split"),
        ("photos/a.jpg,cat,train,", "with another mask"),
        ("photos/a.jpg,cat,train,masks/b.png", "with another mask"),
        ("photos/a.jpg,bird,train,masks/a.png", "the class 'bird' is unknown"),
        ("photos/a.jpg,cat,../up,masks/a.png", "the split '../up' is no name"),
        ("photos/a.jpg,cat", "the line has not as many cells"),
        ("photos/a.jpg,cat,train,masks/none.png", "own/masks/none.png does not exist"),
        ("photos/a.png,cat,train,masks/a.png", "'photos/a.jpg' and 'photos/a.png' can mean own/photos/a.jpg alone"),
    ],
)
def test_an_image_whose_lines_disagree_is_left_out_whole(own: Path, line: str, fault: str) -> None:
    for name in ("a", "b"):
        add_mask(own / f"masks/{name}.png", [0, 1])
    write_table(
        own, "image,labels,split,mask", "photos/a.jpg,dog,train,masks/a.png", line, "photos/b.png,dog,train,masks/b.png"
    )
    found = prepared(own, "csv", classes=["cat", "dog"])
    assert list(found.labels) == ["b"]
    assert fault in found.faults[-1]


def test_the_mask_of_a_missing_photograph_is_not_taken_for_it(own: Path) -> None:
    add_mask(own / "photos/x.png", [0, 1])
    write_table(own, "image,labels,mask", "photos/x.jpg,dog,photos/x.png", "photos/b.png,cat,")
    found = prepared(own, "csv", classes=["cat", "dog"])
    assert list(found.labels) == ["b"]
    (fault,) = found.faults
    assert "'photos/x.jpg' and 'photos/x.png' can mean own/photos/x.png alone" in fault


def test_a_list_for_predictions_needs_images_alone(own: Path) -> None:
    lists = {"train": "images.csv", "test": write_table(own, "image", "photos/sub/c.jpg", name="test.csv")}
    write_table(own, "image,labels", "photos/a.jpg,dog")
    found = prepared(own, "csv", lists=lists, source=None)
    assert found.faults == []
    assert found.labels == {"a": ("dog",), "sub/c": ()}


def test_masks_without_classes_are_refused(own: Path) -> None:
    add_mask(own / "masks/a.png", [0, 1])
    write_table(own, "image,labels,mask", "photos/a.jpg,dog,masks/a.png")
    assert faults_of(own, "csv") == [
        "own/images.csv, line 2 names the mask own/masks/a.png, and nothing says which value is which class: "
        "set prepare.classes to the names of the classes, that of value 1 first"
    ]


def test_a_file_for_each_split(own: Path) -> None:
    lists = {
        "train": write_table(own, "image,labels", "photos/a.jpg,dog", name="train.csv"),
        "val": write_table(own, "image,labels", "photos/b.png,dog", name="val.csv"),
    }
    assert prepared(own, "csv", lists=lists).splits == {"a": "train", "b": "val"}
    write_table(own, "image,labels,split", "photos/b.png,dog,test", name="val.csv")
    (fault,) = faults_of(own, "csv", lists=lists)
    assert fault.startswith("own/val.csv, line 1: the column 'split' is unknown")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("photos/a.jpg,dog", f"the header is missing: {FORM}"),
        ("image;labels", "the cells are separated by ';': save the file with commas"),
        ("image\tlabels", "the cells are separated by '\\t': save the file with commas"),
        ("image,lable", "the column 'lable' is unknown: did you mean labels?; " + ONE_HOT),
        ("image,labels,weather", "the column 'weather' is unknown: choose one of image, labels, split, mask"),
        ("image,labels,image", "the column 'image' stands there twice: name each column once"),
        ("image,split", f"the column 'labels' is missing: {FORM}"),
    ],
)
def test_a_faulty_header_is_reported(own: Path, header: str, fault: str) -> None:
    write_table(own, header, "photos/a.jpg,dog,x")
    assert faults_of(own, "csv") == [f"own/images.csv, line 1: {fault}"]


LENGTH = "the line has not as many cells as the header: put quotes around a cell that holds a comma"
SPLIT = "the split {!r} is no name: write train, val or another of letters, digits, - and _"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("photos/a.jpg,dog", LENGTH),
        ("photos/a.jpg,dog,train,val", LENGTH),
        ("photos/a.jpg,dog,", SPLIT.format("")),
        ("photos/a.jpg,dog,../up", SPLIT.format("../up")),
        (",dog,train", "'' is no path: name a file"),
        ("photos,dog,train", "own/photos is a folder: name a file"),
    ],
)
def test_a_faulty_line_is_reported_and_the_others_are_read(own: Path, line: str, fault: str) -> None:
    write_table(own, "image,labels,split", line, "photos/b.png,,val", "photos/sub/c.jpg,dog,train")
    assert faults_of(own, "csv") == [f"own/images.csv, line 2: {fault}"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            "image,labels\nphotos/a.jpg,dog\nphotos/b.png,Löwe\n".encode("latin-1"),
            ", line 3: is not UTF-8 text: save the file as CSV, UTF-8",
        ),
        (b'image,labels\nphotos/a.jpg,"dog\n', ", line 2: is no CSV (unexpected end of data): save it as CSV, UTF-8"),
        (None, " does not exist: write it, or correct prepare.source or prepare.lists"),
    ],
)
def test_a_file_that_is_no_csv_is_refused(own: Path, content: bytes | None, fault: str) -> None:
    (own / "images.csv").unlink()
    if content is not None:
        (own / "images.csv").write_bytes(content)
    assert faults_of(own, "csv") == [f"own/images.csv{fault}"]
