"""Bad input of every kind gets a sentence: what is wrong, where, and the remedy."""

import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seco.errors import SecoError
from tests.datasets.own_tree import add_mask, add_photo, make_json, make_photos, write_json, write_table
from tests.datasets.preparation import prepared
from tests.datasets.voc_tree import add_image, make_tree, write_list

HEADER = "image,labels,split,mask"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs listed in a CSV; sentences name them as a user in the folder above would."""
    monkeypatch.chdir(tmp_path)
    return make_photos(Path("own"))


def told(root: Path, data_format: str = "csv", **settings: Any) -> list[str]:
    """Return what is said of the data set: its problems, or why it cannot be used at all."""
    if data_format == "csv":
        settings = {"source": "images.csv"} | settings
    try:
        return prepared(root, data_format, **settings).faults
    except SecoError as fault:
        return [str(fault)]


def told_of_voc(root: Path) -> list[str]:
    return told(root, "voc", classes="voc", lists={"train": "train_aug", "val": "val"})


@pytest.fixture
def voc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound tree in VOC's layout."""
    monkeypatch.chdir(tmp_path)
    root = make_tree(Path("VOC2012"))
    for image_id, names, values in (("a", ["dog"], [0, 12]), ("b", ["cat"], [8]), ("c", ["dog"], None)):
        add_image(root, image_id, names=names, mask_values=values)
    assert told_of_voc(root) == []
    return root


def test_a_truncated_image(root: Path) -> None:
    path = root / "photos/a.jpg"
    path.write_bytes(path.read_bytes()[:-120])
    (fault,) = told(root)
    assert fault.startswith("own/images.csv, line 2: own/photos/a.jpg is truncated or damaged (")
    assert fault.endswith("): replace it or take it off the list")


def test_a_zero_byte_image(root: Path) -> None:
    (root / "photos/a.jpg").write_bytes(b"")
    assert told(root) == ["own/images.csv, line 2: own/photos/a.jpg is empty: replace it or take it off the list"]


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html><body>404", "\ufeff\n <HTML>", "<?xml version='1.0'?><Error/>"])
def test_an_image_that_is_html(root: Path, page: str) -> None:
    (root / "photos/a.jpg").write_text(page, encoding="utf-8")
    assert told(root) == [
        "own/images.csv, line 2: own/photos/a.jpg is not an image but a web page: replace it or take it off the list"
    ]


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000])  # above our limit, where PIL warns, where PIL refuses
def test_a_decompression_bomb(root: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (root / "photos/b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert told(root) == ["own/images.csv, line 3: own/photos/b.png has more than 80 million pixels: shrink it"]


def test_a_mask_in_rgb_instead_of_a_palette(voc: Path) -> None:
    path = voc / "SegmentationClassAug/a.png"
    with Image.open(path) as mask:
        colours = mask.convert("RGB")
    colours.save(path)
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: mask VOC2012/SegmentationClassAug/a.png is a RGB image, "
        "which holds colours instead of class ids: save it as an 8-bit palette or grey PNG whose pixel values are "
        "class ids"
    ]


def test_a_mask_with_a_class_above_vocs_twenty(voc: Path) -> None:
    add_mask(voc / "SegmentationClassAug/a.png", [0, 12, 21, 22, 255])
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: mask VOC2012/SegmentationClassAug/a.png holds the value "
        "21, 22, but class ids are 0..20 and 255 (ignore): correct the mask or the class list"
    ]


def test_a_mask_of_another_size(voc: Path) -> None:
    add_mask(voc / "SegmentationClassAug/a.png", [0, 12], size=(8, 12))
    assert told_of_voc(voc) == [
        "VOC2012/ImageSets/Segmentation/train_aug.txt, line 1: VOC2012/SegmentationClassAug/a.png is 8x12 pixels but "
        "its image is 12x8 (width x height): make them agree"
    ]


def test_a_mask_as_turned_as_the_photograph_on_the_disk_is_of_another_size(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    add_photo(root / "photos/a.jpg", exif=exif)
    add_mask(root / "masks/a.png", [1])
    write_table(root, HEADER, "photos/a.jpg,dog,train,masks/a.png")
    (fault,) = told(root, classes=["dog"])
    assert fault.endswith("own/masks/a.png is 12x8 pixels but its image is 8x12 (width x height): make them agree")


def test_a_duplicate_id(root: Path) -> None:
    write_table(root, "image,labels", "photos/a.jpg,dog", "photos/b.png,cat", "photos/../photos/a.jpg,cat")
    assert told(root) == ["own/images.csv, line 4: the id 'a' is listed twice (own/images.csv, line 2): keep one"]


def test_two_files_that_differ_in_case_only(root: Path) -> None:
    add_photo(root / "photos/A.jpg")
    write_table(root, "image,labels", "photos/a.jpg,dog", "photos/A.jpg,dog")
    assert told(root) == ["own/images.csv, line 3: the ids 'a' and 'A' differ in case only: rename one of the files"]


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
    assert told(root) == ["own/images.csv does not exist: write it, or correct dataset.source or dataset.lists"]


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


def test_paths_out_of_the_root(root: Path, tmp_path: Path) -> None:
    inside, outside = tmp_path / "own/photos/a.jpg", add_photo(tmp_path / "elsewhere/x.jpg")
    write_table(
        root, "image,labels", f"{inside},dog", f"{outside},dog", "../elsewhere/x.jpg,dog", "photos/../photos/b.png,cat"
    )
    remedy = "copy the file there, or set dataset.outside_root to true"
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
