from pathlib import Path

import pytest

from seco.datasets.checking import CheckedRecord
from seco.datasets.voc import read_voc
from seco.errors import SecoError
from tests.datasets.voc_tree import CLASSES, HEIGHT, WIDTH, add_image, make_tree, write_list

LISTS = {"train": "train_aug", "val": "val"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


def _read(root: Path) -> list[CheckedRecord]:
    return read_voc(root, lists=LISTS, class_names=CLASSES)


def _fault(root: Path) -> str:
    with pytest.raises(SecoError) as told:
        _read(root)
    return str(told.value)


def test_a_sound_tree_gives_its_records(root: Path) -> None:
    records = [item.record for item in _read(root)]
    assert [record.id for record in records] == ["a", "b", "c"]
    assert [record.split for record in records] == ["train", "train", "val"]
    assert records[0].labels == ("dog", "person")
    assert records[0].image == root / "JPEGImages" / "a.jpg"
    assert records[0].mask == root / "SegmentationClassAug" / "a.png"
    assert records[2].mask is None
    assert (records[0].width, records[0].height) == (WIDTH, HEIGHT)


def test_masks_fall_back_to_the_plain_folder(root: Path) -> None:
    (root / "SegmentationClassAug").rename(root / "SegmentationClass")
    assert _read(root)[0].record.mask == root / "SegmentationClass" / "a.png"


def test_a_list_with_bom_foreign_line_ends_and_blank_lines_is_read(root: Path) -> None:
    (root / "ImageSets/Segmentation/train_aug.txt").write_bytes(b"\xef\xbb\xbfa\r\n\r\n b \r\n")
    assert [item.record.id for item in _read(root)] == ["a", "b", "c"]


def test_parts_of_objects_are_no_labels(root: Path) -> None:
    part = "<object><name>person</name><part><name>head</name></part></object>"
    (root / "Annotations" / "a.xml").write_text(f"<annotation>{part}</annotation>")
    assert _read(root)[0].record.labels == ("person",)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"the data folder .*nowhere does not exist"):
        _read(tmp_path / "nowhere")


def test_a_missing_list_is_named_with_those_there_are(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").rename(root / "ImageSets/Segmentation/test.txt")
    assert "val.txt does not exist: the lists there are test, train_aug" in _fault(root)


def test_an_empty_list_is_named(root: Path) -> None:
    write_list(root, "val", [])
    assert "val.txt names no image" in _fault(root)


def test_a_list_that_is_no_text_is_named(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").write_bytes(b"\xff\xfe\x00c")
    assert "val.txt cannot be read" in _fault(root)


def test_faults_of_lists_annotations_and_files_are_told_in_one_run(root: Path) -> None:
    add_image(root, "d", names=[], mask_values=None)
    add_image(root, "e", names=["person", "Dogs"], mask_values=None)
    add_image(root, "f", names=["cat"], mask_values=[21])
    add_image(root, "g", names=["cat"], mask_values=[1])
    (root / "Annotations/g.xml").unlink()
    write_list(root, "train_aug", ["a", "b", "a", "missing", "../a", "d", "e", "f", "g"])
    write_list(root, "val", ["c", "b"])
    lines = _fault(root).splitlines()
    assert lines[0] == "the data has 8 problems:"
    for line, part in zip(
        lines[1:],
        (
            "train_aug.txt: the id 'a' is listed twice (train, train)",
            "missing.jpg does not exist",
            "'../a' cannot be an image's id",
            "d.xml names no object, so 'd' has no label",
            "e.xml: the class 'Dogs' is unknown: did you mean 'dog'?",
            "g.xml does not exist, so its image has no label",
            "val.txt: the id 'b' is listed twice (train, val)",
            "f.png holds the value 21",
        ),
        strict=True,
    ):
        assert part in line


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            '<!DOCTYPE a [<!ENTITY x "person">]><annotation><object><name>&x;</name></object></annotation>',
            "refused",
        ),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "it declares the document type 'a'"),
        ("<annotation><object>", "is not readable XML"),
        ("", "is not readable XML"),
    ],
)
def test_hostile_and_broken_annotations_are_refused(root: Path, content: str, sentence: str) -> None:
    (root / "Annotations" / "a.xml").write_text(content)
    assert sentence in _fault(root)


def test_a_doctype_in_another_encoding_is_refused_too(root: Path) -> None:
    content = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "dog">]><a>&x;</a>'
    (root / "Annotations" / "a.xml").write_bytes(content.encode("utf-16"))
    assert "it declares the document type 'a'" in _fault(root)
