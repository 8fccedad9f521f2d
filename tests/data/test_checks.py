"""Decoding of photographs and masks, with sentences that say what is wrong, where, and the remedy."""

import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from seco.data.checks import FactsCache, check
from seco.data.dataset import read_dataset
from tests.data.trees import (
    CLASSES,
    HEIGHT,
    LISTS,
    WIDTH,
    add_mask,
    add_photo,
    add_turned_photo,
    faults_of,
    prepared,
    write_list,
    write_table,
)

REPLACE = "replace it or take it off the list"


def bomb(side: int) -> bytes:
    """Return a small PNG that says it has `side` pixels a side."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", f"is empty: {REPLACE}"),
        (b"<!DOCTYPE html><html><body>404", f"is a web page: {REPLACE}"),
        ("\ufeff\n <HTML>".encode(), f"is a web page: {REPLACE}"),
        (b"<?xml version='1.0'?><Error/>", f"is a web page: {REPLACE}"),
        (bomb(9_000), "has more than 80 million pixels: shrink it"),  # above our limit
        (bomb(12_000), "has more than 80 million pixels: shrink it"),  # where PIL warns
        (bomb(20_000), "has more than 80 million pixels: shrink it"),  # where PIL refuses
    ],
)
def test_a_file_that_is_no_image_is_reported(own: Path, content: bytes, fault: str) -> None:
    (own / "photos/b.png").write_bytes(content)
    assert faults_of(own, "csv") == [f"own/images.csv, line 3: own/photos/b.png {fault}"]


def test_a_truncated_image_is_reported(own: Path) -> None:
    path = own / "photos/a.jpg"
    path.write_bytes(path.read_bytes()[:-120])
    (fault,) = faults_of(own, "csv")
    assert fault.startswith("own/images.csv, line 2: own/photos/a.jpg is truncated or damaged (")
    assert fault.endswith(f"): {REPLACE}")


def test_a_link_to_a_missing_file_is_reported(own: Path) -> None:
    (own / "photos/a.jpg").unlink()
    (own / "photos/a.jpg").symlink_to("moved.jpg")
    assert faults_of(own, "csv") == [
        "own/images.csv, line 2: own/photos/a.jpg is a link that leads nowhere: restore it or take it off the list"
    ]


@pytest.mark.parametrize("name", ["photos/b.png", "masks/b.png"])
def test_a_pipe_is_reported_and_not_waited_for(own: Path, name: str) -> None:
    (own / "masks").mkdir()
    (own / name).unlink(missing_ok=True)
    os.mkfifo(own / name)
    write_table(own, "image,labels,mask", "photos/a.jpg,dog,", "photos/b.png,cat,masks/b.png")
    if name == "photos/b.png":
        add_mask(own / "masks/b.png", [1])
    assert faults_of(own, "csv", classes=["cat", "dog"]) == [
        f"own/images.csv, line 3: own/{name} is no regular file but a pipe, socket or device: replace it by a file"
    ]


def test_masks_at_fault_are_reported(voc: Path) -> None:
    masks = Path("VOC2012/SegmentationClassAug")
    Image.open(masks / "a.png").convert("RGB").save(masks / "a.png")
    add_mask(masks / "b.png", [0, 4, 5, 255])
    add_mask(masks / "c.png", [0, 2], size=(HEIGHT, WIDTH))
    lists = "VOC2012/ImageSets/Segmentation"
    assert faults_of(voc, "voc") == [
        f"{lists}/train_aug.txt, line 1: mask {masks}/a.png is a RGB image, which holds colours instead of class ids: "
        "save it as an 8-bit palette or grey PNG whose pixel values are class ids",
        f"{lists}/train_aug.txt, line 2: mask {masks}/b.png holds the value 4, 5, but class ids are 0..3 and 255 "
        "(ignore): correct the mask or the class list",
        f"{lists}/val.txt, line 1: {masks}/c.png is 8x12 pixels but its image is 12x8 (width x height): "
        "make them agree",
    ]


def test_an_image_and_its_mask_are_reported_both(voc: Path) -> None:
    (voc / "JPEGImages/a.jpg").write_bytes(b"")
    add_mask(voc / "SegmentationClassAug/a.png", [4])
    assert [problem.file.name for problem in prepared(voc, "voc").dataset.problems] == ["a.jpg", "a.png"]


def test_a_mask_must_have_the_size_of_the_upright_photograph(own: Path) -> None:
    add_turned_photo(own / "photos/a.jpg")
    add_mask(own / "masks/a.png", [1])
    write_table(own, "image,labels,split,mask", "photos/a.jpg,dog,train,masks/a.png")
    (fault,) = faults_of(own, "csv", classes=["dog"])
    assert fault.endswith("own/masks/a.png is 12x8 pixels but its image is 8x12 (width x height): make them agree")


def test_a_second_run_opens_no_file_even_for_other_classes(voc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepared(voc, "voc").dataset
    monkeypatch.setattr(Image, "open", None)
    assert prepared(voc, "voc").dataset == first
    write_list(voc, "train_aug", ["b"])
    write_list(voc, "val", ["a"])
    (voc / "Annotations").rename(voc / "elsewhere")
    (fault,) = prepared(voc, "voc", classes=CLASSES[:2]).faults
    assert "a.png holds the value 3, but class ids are 0..2" in fault


def test_a_bad_file_is_never_cached_and_a_changed_file_is_opened_again(own: Path) -> None:
    assert prepared(own, "csv").faults == []
    (own / "photos/b.png").write_bytes(b"no photograph")
    assert prepared(own, "csv").faults == prepared(own, "csv").faults != []
    add_photo(own / "photos/b.png")
    assert prepared(own, "csv").faults == []


def test_facts_are_cached_when_the_run_is_interrupted(voc: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    listing = read_dataset(voc, data_format="voc", classes=CLASSES, lists=LISTS)
    with pytest.raises(KeyboardInterrupt):
        check(listing, cache=FactsCache(Path("cache"), root="voc"), progress=stop)
    cache = FactsCache(Path("cache"), root="voc")
    assert cache.facts(voc / "JPEGImages/a.jpg", "photograph", lambda path: ())[:2] == (WIDTH, HEIGHT)


class Inspector:
    """Counts its calls, and returns the file's bytes."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, path: Path) -> tuple[int, ...]:
        self.calls += 1
        return tuple(path.read_bytes())


@pytest.fixture
def file(folder: Path) -> Path:
    """A file whose facts are cached by `ask`."""
    path = Path("a, b.bin")
    path.write_bytes(bytes([1, 255]))
    return path


def ask(file: Path, inspect: Inspector, *, kind: str = "mask", root: str = "data") -> tuple[int, ...]:
    """Find the facts about a file as a run of its own does."""
    cache = FactsCache(Path("cache"), root=root)
    facts = cache.facts(file, kind, inspect)
    cache.save()
    return facts


def test_a_file_is_inspected_once_for_each_kind_and_data_set(file: Path) -> None:
    inspect = Inspector()
    assert ask(file, inspect) == ask(file, inspect) == (1, 255)
    assert inspect.calls == 1
    ask(file, inspect, kind="image")
    ask(file, inspect, root="other data")
    assert inspect.calls == 3


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_whose_size_time_or_inode_changed_is_inspected_again(file: Path, change: str) -> None:
    ask(file, Inspector())
    stat = file.stat()
    new = file if change != "inode" else Path("new")
    new.write_bytes(bytes([3]) if change == "size" else bytes([3, 4]))
    new.replace(file)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + (change == "time")))
    assert ask(file, Inspector())[0] == 3


def test_facts_that_are_not_asked_for_are_dropped(file: Path) -> None:
    ask(file, Inspector())
    FactsCache(Path("cache"), root="data").save()
    inspect = Inspector()
    ask(file, inspect)
    assert inspect.calls == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"mask:a, b.bin": ["", ["x"]]}', b'{"a": 1}'])
def test_a_damaged_cache_is_ignored(file: Path, content: bytes) -> None:
    ask(file, Inspector())
    (path,) = Path("cache").iterdir()
    path.write_bytes(content)
    assert ask(file, Inspector()) == (1, 255)
