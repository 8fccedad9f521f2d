from pathlib import Path

import pytest

from seco.errors import SecoError
from tests.data.preparation import Prepared, prepared
from tests.data.voc_tree import CLASSES, HEIGHT, WIDTH, add_image, make_tree, write_list

LISTS = {"train": "train_aug", "val": "val"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "VOC2012")


def read(root: Path, *, lists: dict[str, str] = LISTS, difficult: bool = True) -> Prepared:
    return prepared(root, "voc", classes=CLASSES, lists=lists, difficult=difficult)


def annotate(root: Path, image_id: str, content: str) -> None:
    (root / "Annotations" / f"{image_id}.xml").write_text(f"<annotation>{content}</annotation>")


def test_a_sound_tree_gives_its_records(root: Path) -> None:
    found = read(root)
    assert found.faults == []
    records = [item.record for item in found.checked]
    assert [record.id for record in records] == ["a", "b", "c"]
    assert [record.split for record in records] == ["train", "train", "val"]
    assert records[0].labels == ("dog", "person")
    assert records[0].image == root / "JPEGImages" / "a.jpg"
    assert records[0].mask == root / "SegmentationClassAug" / "a.png"
    assert records[2].mask is None
    assert (records[0].width, records[0].height) == (WIDTH, HEIGHT)


def test_masks_fall_back_to_the_plain_folder(root: Path) -> None:
    plain = root / "SegmentationClass"
    plain.mkdir()
    (root / "SegmentationClassAug" / "a.png").rename(plain / "a.png")
    masks = [item.record.mask for item in read(root).checked]
    assert masks == [plain / "a.png", root / "SegmentationClassAug" / "b.png", None]


def test_a_list_with_bom_foreign_line_ends_and_blank_lines_is_read(root: Path) -> None:
    (root / "ImageSets/Segmentation/train_aug.txt").write_bytes(b"\xef\xbb\xbfa\r\n\r\n b \r\n")
    assert read(root).ids == ["a", "b", "c"]


def test_names_with_spaces_are_read(root: Path) -> None:
    add_image(root, "my dog", names=["dog"], mask_values=[2])
    write_list(root, "train_aug", ["my dog"])
    assert read(root).ids == ["my dog", "c"]


def test_parts_of_objects_are_no_labels(root: Path) -> None:
    annotate(root, "a", "<object><name>person</name><part><name>head</name></part></object>")
    assert read(root).labels["a"] == ("person",)


def test_difficult_objects_count_if_they_are_to(root: Path) -> None:
    annotate(
        root,
        "a",
        "<object><name>person</name><difficult>0</difficult></object>"
        "<object><name>dog</name><difficult>1</difficult></object>",
    )
    assert read(root, difficult=True).labels["a"] == ("dog", "person")
    assert read(root, difficult=False).labels["a"] == ("person",)


def test_a_training_image_of_difficult_objects_alone_is_left_out_without_them(root: Path) -> None:
    for image_id in ("a", "c"):
        annotate(root, image_id, "<object><name>person</name><difficult>1</difficult></object>")
    found = read(root, difficult=False)
    assert found.faults == []
    assert found.labels == {"b": ("cat", "dog"), "c": ()}
    assert found.listed.left_out == {"train": 1}


def test_without_annotations_the_masks_tell_the_labels(root: Path) -> None:
    (root / "Annotations").rename(root / "elsewhere")
    write_list(root, "val", ["b"])
    write_list(root, "train_aug", ["a"])
    assert read(root).labels == {"a": ("dog", "person"), "b": ("cat",)}


def test_without_annotations_a_mask_of_background_leaves_a_training_image_without_label(root: Path) -> None:
    (root / "Annotations").rename(root / "elsewhere")
    add_image(root, "d", names=[], mask_values=[0, 255])
    (root / "Annotations").rename(root / "again")
    write_list(root, "train_aug", ["a", "d"])
    (fault,) = [fault for fault in read(root).faults if "d.jpg" in fault or "line 2" in fault]
    assert fault.endswith("train_aug.txt, line 2: its mask shows no class, so it has no label: take it off the list")


def test_images_of_test_need_neither_mask_nor_annotation(root: Path) -> None:
    add_image(root, "t", names=[], mask_values=None)
    (root / "Annotations/t.xml").unlink()
    write_list(root, "test", ["t"])
    found = read(root, lists={**LISTS, "test": "test"})
    assert found.faults == []
    assert found.labels["t"] == ()
    assert found.checked[-1].record.mask is None


def test_train_aug_is_made_from_sbd_where_its_list_is_missing(root: Path) -> None:
    (root / "ImageSets/Segmentation/train_aug.txt").unlink()
    write_list(root, "train", ["b"])
    add_image(root, "d", names=["cat"], mask_values=[1])
    (root / "SBD/cls").mkdir(parents=True)
    for name in ("a", "b", "c", "d"):
        (root / "SBD/cls" / f"{name}.mat").touch()
    found = read(root)
    assert found.ids == ["b", "a", "d", "c"], "VOC's train, then what SBD adds, without VOC's val"
    assert found.splits == {"b": "train", "a": "train", "d": "train", "c": "val"}
    assert not (root / "ImageSets/Segmentation/train_aug.txt").exists(), "the data stays as it is"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"the data folder .*nowhere does not exist"):
        read(tmp_path / "nowhere")


def test_a_missing_list_is_named_with_those_there_are(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").rename(root / "ImageSets/Segmentation/test.txt")
    with pytest.raises(SecoError, match=r"val\.txt does not exist: the lists there are test, train_aug$"):
        read(root)


def test_an_empty_list_is_named(root: Path) -> None:
    write_list(root, "val", [])
    with pytest.raises(SecoError, match=r"val\.txt names no image"):
        read(root)


def test_a_list_that_is_no_text_is_named(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").write_bytes(b"\xff\xfe\x00c")
    with pytest.raises(SecoError, match=r"val\.txt cannot be read"):
        read(root)


def test_faults_of_lists_annotations_and_files_are_told_in_one_run(root: Path) -> None:
    add_image(root, "d", names=[], mask_values=None)
    add_image(root, "e", names=["person", "Dogs"], mask_values=None)
    add_image(root, "f", names=["cat"], mask_values=[21])
    add_image(root, "g", names=["cat"], mask_values=[1])
    (root / "Annotations/g.xml").unlink()
    add_image(root, "missing", names=["cat"], mask_values=None)
    (root / "JPEGImages/missing.jpg").unlink()
    write_list(root, "train_aug", ["a", "b", "a", "missing", "../a", "d", "e", "f", "g"])
    write_list(root, "val", ["c", "b"])
    for fault, part in zip(
        read(root).faults,
        (
            "train_aug.txt, line 5: '../a' cannot be an image's id",
            "d.xml names no object, so 'd' has no label",
            "g.xml does not exist, so 'g' has no label",
            "train_aug.txt, line 3: the id 'a' is listed twice",
            "line 7: the class 'Dogs' is unknown: did you mean 'dog'?",
            "val.txt, line 2: the id 'b' is listed twice",
            "missing.jpg does not exist",
            "f.png holds the value 21, but class ids are 0..3 and 255",
        ),
        strict=True,
    ):
        assert part in fault


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
    assert sentence in read(root).faults[0]


def test_a_doctype_in_another_encoding_is_refused_too(root: Path) -> None:
    content = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "dog">]><a>&x;</a>'
    (root / "Annotations" / "a.xml").write_bytes(content.encode("utf-16"))
    assert "it declares the document type 'a'" in read(root).faults[0]
