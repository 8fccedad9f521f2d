"""Bad input of every kind gets a sentence: what is wrong, where, and the remedy. Here: lists, annotations, labels."""

from pathlib import Path

import pytest

from tests.data.own_tree import add_photo, make_json, write_json, write_table
from tests.data.preparation import prepared, told, told_of_voc
from tests.data.voc_tree import add_image


def test_a_list_with_crlf_bom_blank_lines_and_spaces_in_names_is_read(voc: Path) -> None:
    add_image(voc, "my  dog", names=["dog"], mask_values=[12])
    (voc / "ImageSets/Segmentation/train_aug.txt").write_bytes(b"\xef\xbb\xbfa\r\n\r\n  my  dog \r\n   \r\nb")
    found = prepared(voc, "voc", classes="voc", lists={"train": "train_aug", "val": "val"})
    assert found.faults == []
    assert found.ids == ["a", "my  dog", "b", "c"]


def test_a_csv_with_crlf_bom_blank_lines_and_spaces_is_read(root: Path) -> None:
    add_photo(root / "photos/my  dog, 1.jpg")
    text = '\ufeffimage , labels\r\n\r\n photos/a.jpg , dog | person \r\n"photos/my  dog, 1.jpg",dog\r\n , \r\n'
    (root / "images.csv").write_bytes(text.encode())
    found = prepared(root, "csv", source="images.csv")
    assert found.faults == []
    assert found.labels == {"a": ("dog", "person"), "my  dog, 1": ("dog",)}


def test_a_csv_without_header(root: Path) -> None:
    write_table(root, "photos/a.jpg,dog", "photos/b.png,cat")
    assert told(root) == [
        "own/images.csv, line 1: the header is missing: the first line must be image,labels[,split][,mask]"
    ]


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("image,label", "the column 'label' is unknown: did you mean labels?"),
        ("image,labels,weather", "the column 'weather' is unknown: choose one of image, labels, split, mask"),
        ("image,labels,image", "the column 'image' stands there twice: the first line must be image,labels"),
        ("image,split", "the column 'labels' is missing: the first line must be image,labels[,split][,mask]"),
        ("image;labels", "the header is missing: the first line must be image,labels[,split][,mask]"),
    ],
)
def test_a_csv_with_an_unknown_column(root: Path, header: str, fault: str) -> None:
    write_table(root, header, "photos/a.jpg,dog,x")
    assert told(root)[0].startswith(f"own/images.csv, line 1: {fault}")


@pytest.mark.parametrize("cell", ["", " ", ";", "|;"])
def test_a_csv_with_an_empty_label_cell(root: Path, cell: str) -> None:
    write_table(
        root, "image,labels,split", f"photos/a.jpg,{cell},train", "photos/b.png,,val", "photos/sub/c.jpg,dog,train"
    )
    assert told(root) == [
        "own/images.csv, line 2: the label cell is empty: name the classes that the image shows, or take the line out"
    ]


def test_a_csv_line_of_another_length(root: Path) -> None:
    write_table(root, "image,labels", "photos/a.jpg,dog,person", "photos/b.png", "photos/sub/c.jpg,dog")
    fault = "the line has not as many cells as the header: put quotes around a cell that holds a comma"
    assert told(root) == [f"own/images.csv, line {line}: {fault}" for line in (2, 3)]


def test_a_csv_in_latin_1(root: Path) -> None:
    (root / "images.csv").write_bytes("image,labels\nphotos/a.jpg,dog\nphotos/b.png,Löwe\n".encode("latin-1"))
    assert told(root) == ["own/images.csv, line 3: is not UTF-8 text: save the file as CSV, UTF-8"]


def test_a_csv_that_is_no_csv(root: Path) -> None:
    (root / "images.csv").write_bytes(b'image,labels\nphotos/a.jpg,"dog\n')
    assert told(root) == ["own/images.csv, line 2: is no CSV (unexpected end of data): save it as CSV, UTF-8"]


def test_a_csv_that_is_missing(root: Path) -> None:
    (root / "images.csv").unlink()
    assert told(root) == ["own/images.csv does not exist: write it, or correct prepare.source or prepare.lists"]


@pytest.mark.parametrize(
    ("typo", "meant"), [("dinningtable", "diningtable"), ("Dog", "dog"), ("pottedpland", "pottedplant")]
)
def test_a_label_with_a_typing_error(root: Path, typo: str, meant: str) -> None:
    write_table(root, "image,labels", f"photos/a.jpg,dog;{typo}", "photos/b.png,cat")
    assert told(root, classes="voc") == [
        f"own/images.csv, line 2: the class {typo!r} is unknown: did you mean {meant!r}?"
    ]


def test_a_label_in_another_case_where_no_classes_are_given(root: Path) -> None:
    write_table(root, "image,labels", "photos/a.jpg,dog", "photos/b.png,Dog", "photos/sub/c.jpg,dog")
    assert told(root) == ["own/images.csv, line 3: the class 'Dog' is unknown: did you mean 'dog'?"]


@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "dog"><!ENTITY b "&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/passwd">']
)
def test_xml_with_entities(voc: Path, entity: str) -> None:
    objects = "<object><name>&b;</name></object>"
    (voc / "Annotations/a.xml").write_text(f"<!DOCTYPE x [{entity}]><annotation>{objects}</annotation>")
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: VOC2012/Annotations/a.xml is refused since it declares "
        "the document type 'x': remove the declaration"
    ]


def test_json_with_missing_ids(root: Path) -> None:
    content = make_json(root)
    del content["images"][1]["id"]
    del content["annotations"][1]["image_id"]
    content["categories"].append({"name": "cow"})
    write_json(root, content)
    remedy = "correct it or export the file again"
    assert told(root, "json", source="images.json") == [
        f"own/images.json: entry 2 of images has no 'id': {remedy}",
        f"own/images.json: entry 2 of annotations has no 'image_id': {remedy}",
        f"own/images.json: entry 3 of categories has no 'id': {remedy}",
    ]
