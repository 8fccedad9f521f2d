from pathlib import Path

import pytest

from tests.data.trees import HEIGHT, LISTS, WIDTH, Prepared, add_voc_image, annotate, faults_of, prepared, write_list

SETS = Path("ImageSets/Segmentation")
DIFFICULT = "<object><name>dog</name><difficult>1</difficult></object>"


def test_a_sound_tree_gives_its_records(voc: Path) -> None:
    found = prepared(voc, "voc")
    assert found.faults == []
    assert found.labels == {"a": ("dog", "person"), "b": ("cat", "dog"), "c": ("dog",)}
    assert found.splits == {"a": "train", "b": "train", "c": "val"}
    first, _, last = found.records
    assert first.image == voc / "JPEGImages/a.jpg"
    assert first.mask == voc / "SegmentationClassAug/a.png"
    assert last.mask is None
    assert (first.width, first.height) == (WIDTH, HEIGHT)
    assert [item.shown for item in found.dataset.images] == [("dog", "person"), ("cat",), None]


def test_masks_may_lie_in_the_plain_folder(voc: Path) -> None:
    plain = voc / "SegmentationClass"
    plain.mkdir()
    (voc / "SegmentationClassAug/a.png").rename(plain / "a.png")
    masks = [record.mask for record in prepared(voc, "voc").records]
    assert masks == [plain / "a.png", voc / "SegmentationClassAug/b.png", None]


def test_a_list_with_bom_foreign_line_ends_blank_lines_and_names_with_spaces_is_read(voc: Path) -> None:
    add_voc_image(voc, "my  dog", names=["dog"], mask_values=[2])
    (voc / SETS / "train_aug.txt").write_bytes(b"\xef\xbb\xbfa\r\n\r\n  my  dog \r\n   \r\nb")
    found = prepared(voc, "voc")
    assert found.faults == []
    assert list(found.labels) == ["a", "my  dog", "b", "c"]


def test_parts_of_objects_are_no_labels(voc: Path) -> None:
    annotate(voc, "a", "<object><name>person</name><part><name>head</name></part></object>")
    assert prepared(voc, "voc").labels["a"] == ("person",)


def test_difficult_objects_count_if_they_are_to(voc: Path) -> None:
    annotate(voc, "a", f"<object><name>person</name><difficult>0</difficult></object>{DIFFICULT}")
    assert prepared(voc, "voc", difficult=True).labels["a"] == ("dog", "person")
    assert prepared(voc, "voc", difficult=False).labels["a"] == ("person",)


def test_a_training_image_of_difficult_objects_is_left_out_where_they_do_not_count(voc: Path) -> None:
    for image_id in ("a", "c"):
        annotate(voc, image_id, DIFFICULT)
    found = prepared(voc, "voc", difficult=False)
    assert found.faults == []
    assert found.labels == {"b": ("cat", "dog"), "c": ()}
    assert found.dataset.unlabelled == {"train": 1}


def test_without_annotations_labels_are_read_from_masks(voc: Path) -> None:
    add_voc_image(voc, "d", names=[], mask_values=[0, 255])
    (voc / "Annotations").rename(voc / "elsewhere")
    write_list(voc, "val", ["b"])
    write_list(voc, "train_aug", ["a", "d"])
    found = prepared(voc, "voc")
    assert found.labels == {"a": ("dog", "person"), "b": ("cat",), "d": ()}
    assert found.faults == []


def test_test_images_need_neither_mask_nor_annotation(voc: Path) -> None:
    add_voc_image(voc, "t", names=[], mask_values=None)
    (voc / "Annotations/t.xml").unlink()
    write_list(voc, "test", ["t"])
    found = prepared(voc, "voc", lists={**LISTS, "test": "test"})
    assert found.faults == []
    assert found.labels["t"] == ()
    assert found.records[-1].mask is None


def test_train_aug_is_made_from_sbd_where_its_list_is_missing(voc: Path) -> None:
    (voc / SETS / "train_aug.txt").unlink()
    write_list(voc, "train", ["b"])
    add_voc_image(voc, "d", names=["cat"], mask_values=[1])
    (voc / "SBD/cls").mkdir(parents=True)
    for name in ("a", "b", "c", "d"):
        (voc / "SBD/cls" / f"{name}.mat").touch()
    found = prepared(voc, "voc")
    assert found.splits == {"b": "train", "a": "train", "d": "train", "c": "val"}
    assert list(found.labels) == ["b", "a", "d", "c"], "VOC's train, then what SBD adds, without VOC's val"
    assert not (voc / SETS / "train_aug.txt").exists(), "the data stays as it is"


def test_a_missing_folder_is_named(folder: Path) -> None:
    fault = "the data folder nowhere does not exist: put the data set there or link it"
    assert faults_of(Path("nowhere"), "voc") == [fault]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "does not exist: the lists there are train_aug"),
        (b"", "names no image: write one id a line"),
        (b"\xff\xfe\x00c", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(voc: Path, content: bytes | None, fault: str) -> None:
    (voc / SETS / "val.txt").unlink()
    if content is not None:
        (voc / SETS / "val.txt").write_bytes(content)
    (found,) = faults_of(voc, "voc")
    assert found.startswith(f"the list {voc / SETS}/val.txt {fault}")


def test_all_faults_of_lists_annotations_and_files_are_reported_in_one_run(voc: Path) -> None:
    add_voc_image(voc, "d", names=[], mask_values=None)
    add_voc_image(voc, "e", names=["person", "Dogs"], mask_values=None)
    add_voc_image(voc, "f", names=["cat"], mask_values=[21])
    add_voc_image(voc, "g", names=["cat"], mask_values=[1])
    (voc / "Annotations/g.xml").unlink()
    add_voc_image(voc, "missing", names=["cat"], mask_values=None)
    (voc / "JPEGImages/missing.jpg").unlink()
    write_list(voc, "train_aug", ["a", "b", "a", "missing", "../a", "d", "e", "f", "g"])
    write_list(voc, "val", ["c", "b"])
    for fault, part in zip(
        prepared(voc, "voc").faults,
        (
            "train_aug.txt, line 4: VOC2012/JPEGImages/missing.jpg does not exist",
            "train_aug.txt, line 5: '../a' cannot be an image's id",
            "g.xml does not exist, so 'g' has no label",
            "train_aug.txt, line 2: the id 'b' is listed twice (VOC2012/ImageSets/Segmentation/val.txt, line 2)",
            "val.txt, line 2: the id 'b' is listed twice",
            "line 7: the class 'Dogs' is unknown: did you mean 'dog'?",
            "f.png holds the value 21, but class ids are 0..3 and 255",
        ),
        strict=True,
    ):
        assert part in fault


DOCTYPE = "is refused since it declares the document type 'x': remove the declaration"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('<!DOCTYPE x [<!ENTITY a "dog"><!ENTITY b "&a;&a;&a;">]><a><object><name>&b;</name></object></a>', DOCTYPE),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><annotation/>', DOCTYPE),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY x "dog">]><a>&x;</a>', DOCTYPE),
        ("<annotation><object>", "is not readable XML"),
        ("", "is not readable XML"),
    ],
)
def test_hostile_and_broken_annotations_are_refused(voc: Path, content: str, fault: str) -> None:
    (voc / "Annotations/a.xml").write_text(content, encoding="utf-16" if "UTF-16" in content else "utf-8")
    (found,) = prepared(voc, "voc").faults
    assert found.startswith(f"{voc / SETS}/train_aug.txt, line 1: {voc}/Annotations/a.xml {fault}")


def spell(voc: Path, *, photos: dict[str, str] | None = None, **lists: list[str]) -> Prepared:
    """Rename photographs, write lists anew, and read the tree."""
    for old, new in (photos or {}).items():
        (voc / "JPEGImages" / old).rename(voc / "JPEGImages" / new)
    for name, lines in lists.items():
        write_list(voc, name, lines)
    return prepared(voc, "voc")


@pytest.mark.parametrize(
    "photos", [{"a.jpg": "a.JPG"}, {"a.jpg": "a.jpeg"}, {"a.jpg": "A.jpg"}, {"a.jpg": "a.png", "b.jpg": "b.PNG"}]
)
def test_photographs_may_have_other_suffixes(voc: Path, photos: dict[str, str]) -> None:
    found = spell(voc, photos=photos)
    assert found.faults == []
    assert [image_id.lower() for image_id in found.labels] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "lines",
    [
        ["a.jpg", "b.jpg"],
        ["a 1", "b -1"],
        ["a  0", "b\t1"],
        ["JPEGImages/a.jpg", "JPEGImages/b.jpg"],
        ["/JPEGImages/a.jpg /SegmentationClassAug/a.png", "/JPEGImages/b.jpg /SegmentationClassAug/b.png"],
        ["JPEGImages/a.jpg SegmentationClassAug/a.png", "JPEGImages\\b.jpg SegmentationClassAug\\b.png"],
        ["a", "a", "b"],
        ["A", "b.xml"],
        ["JPEGImages/a.jpg,SegmentationClassAug/a.png", "b.PNG"],
        ["C:\\VOC\\JPEGImages\\a.jpg", "b"],
    ],
)
def test_lines_may_have_other_forms(voc: Path, lines: list[str]) -> None:
    found = spell(voc, train_aug=lines)
    assert found.faults == []
    assert found.labels == {"a": ("dog", "person"), "b": ("cat", "dog"), "c": ("dog",)}
    assert found.records[0].mask == voc / "SegmentationClassAug/a.png"


@pytest.mark.parametrize("place", ["JPEGImages", "Annotations", "SegmentationClassAug", "ImageSets"])
def test_folders_may_be_in_another_case(voc: Path, place: str) -> None:
    before = prepared(voc, "voc")
    (voc / place).rename(voc / place.lower())
    found = prepared(voc, "voc")
    assert found.faults == []
    assert found.labels == before.labels
    assert [record.mask is None for record in found.records] == [False, False, True]


@pytest.mark.parametrize("place", ["ImageSets/Main", "ImageSets"])
def test_lists_may_lie_elsewhere(voc: Path, place: str) -> None:
    (voc / place).mkdir(exist_ok=True)
    for file in list((voc / SETS).iterdir()):
        file.rename(voc / place / file.name)
    assert list(prepared(voc, "voc", lists={"train": "train_aug.txt", "val": "VAL"}).labels) == ["a", "b", "c"]


def test_the_root_may_lie_above_the_tree(voc: Path) -> None:
    Path("top/VOCdevkit").mkdir(parents=True)
    voc.rename("top/VOCdevkit/VOC2012")
    assert list(prepared(Path("top"), "voc").labels) == ["a", "b", "c"]
    add_voc_image(Path("top/VOCdevkit/VOC2007"), "x", names=["cat"], mask_values=None)
    (fault,) = faults_of(Path("top"), "voc")
    assert fault == ("top/VOCdevkit/VOC2007 and top/VOCdevkit/VOC2012 hold JPEGImages: set prepare.root to one of them")
    assert faults_of(Path("top/VOCdevkit/VOC2007/Annotations"), "voc") == [
        "top/VOCdevkit/VOC2007/Annotations holds no folder JPEGImages: set prepare.root to the folder that does"
    ]


def test_images_of_nothing_are_read(voc: Path) -> None:
    annotate(voc, "a", "")
    assert prepared(voc, "voc").labels["a"] == ()


@pytest.mark.parametrize("line", ["a\0", "\0"])
def test_a_nul_is_no_id(voc: Path, line: str) -> None:
    found = spell(voc, train_aug=["b", line])
    assert list(found.labels) == ["b", "c"]
    (fault,) = found.faults
    assert "cannot be an image's id" in fault


def test_a_deeply_nested_annotation_is_read(voc: Path) -> None:
    annotate(voc, "a", "<x>" * 50_000 + "</x>" * 50_000 + "<object><name>dog</name></object>")
    assert prepared(voc, "voc").labels["a"] == ("dog",)


@pytest.mark.parametrize("encoding", ["no-such-code", "utf-7", "big5"])
def test_an_unknown_encoding_is_a_problem_of_its_file(voc: Path, encoding: str) -> None:
    (voc / "Annotations/a.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><annotation/>')
    found = prepared(voc, "voc")
    assert list(found.labels) in (["b", "c"], ["a", "b", "c"])
    assert len(found.faults) == 3 - len(found.labels)
