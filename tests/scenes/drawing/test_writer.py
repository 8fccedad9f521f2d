import csv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from scenes.drawing import writer
from scenes.drawing.backgrounds import BACKGROUNDS
from scenes.drawing.bias import CLASSES
from scenes.drawing.writer import write_demo

COUNTS = {"train": 10, "val": 4, "val_unbiased": 4}


def write(root: Path, *, workers: int = 1, seed: int = 3, train_images: int = 10, **options) -> None:
    sizes = {"train_images": train_images, "val_images": 4, "image_size": 96}
    write_demo(root, **sizes, bias=0.7, seed=seed, workers=workers, **options)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def annotated(demo: Path, image_id: str) -> list[str]:
    note = ElementTree.parse(demo / "Annotations" / f"{image_id}.xml")
    return [str(node.text) for node in note.findall("object/name")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "raw" / "demo"
    write(root)
    return root


@pytest.fixture
def former(tmp_path: Path) -> dict[str, bytes]:
    """The files of a data set that stands at `tmp_path / "demo"`."""
    write(tmp_path / "demo", train_images=2)
    return contents(tmp_path / "demo")


def test_the_files_do_not_depend_on_the_number_of_workers(demo: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write(tmp_path / "demo", workers=2, progress=lambda done, total: seen.append((done, total)))
    assert contents(tmp_path / "demo") == contents(demo)
    assert seen == [(done, 18) for done in range(1, 19)]


def test_an_image_depends_on_the_seed_but_not_on_how_many_there_are(
    demo: Path, former: dict[str, bytes], tmp_path: Path
) -> None:
    many = contents(demo)
    for name in ("JPEGImages/train_00001.jpg", "JPEGImages/val_00000.jpg", "SegmentationClass/val_unbiased_00003.png"):
        assert former[name] == many[name]
    write(tmp_path / "other", train_images=2, seed=4)
    assert contents(tmp_path / "other")["JPEGImages/train_00000.jpg"] != many["JPEGImages/train_00000.jpg"]


def test_the_lists_name_every_image_once_with_its_mask_and_annotation(demo: Path) -> None:
    lists = {p.stem: p.read_text(encoding="utf-8").split() for p in (demo / "ImageSets/Segmentation").iterdir()}
    assert {split: len(ids) for split, ids in lists.items()} == COUNTS
    ids = {image_id for split in lists.values() for image_id in split}
    assert len(ids) == 18
    for folder in ("JPEGImages", "SegmentationClass", "Annotations"):
        assert {path.stem for path in (demo / folder).iterdir()} == ids


def test_masks_are_palette_images_that_hold_the_annotated_classes_and_nothing_else(demo: Path) -> None:
    for path in (demo / "Annotations").iterdir():
        note = ElementTree.parse(path)
        size = tuple(int(note.findtext(f"size/{side}") or 0) for side in ("width", "height"))
        with Image.open(demo / "SegmentationClass" / f"{path.stem}.png") as mask:
            assert mask.mode == "P"
            assert mask.size == size
            ids = set(np.unique(np.asarray(mask)).tolist())
        assert ids == {0, *(CLASSES.index(name) + 1 for name in annotated(demo, path.stem))}
        with Image.open(demo / "JPEGImages" / (note.findtext("filename") or "")) as image:
            assert image.size == size
            assert max(size) == 96
            assert min(size) >= 77


def test_the_context_table_holds_background_partners_and_bias(demo: Path) -> None:
    with (demo / "contexts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["split"] for row in table] == [split for split, count in COUNTS.items() for _ in range(count)]
    assert {row["biased"] for row in table if row["split"] == "val_unbiased"} == {"0"}
    assert {row["biased"] for row in table if row["split"] != "val_unbiased"} == {"0", "1"}
    for row in table:
        background, *partners = row["contexts"].split(";")
        assert background in BACKGROUNDS
        tied = ("chair", "horse", "person", "sofa")
        assert partners == [name for name in annotated(demo, row["id"]) if name in tied]


def test_a_run_replaces_the_former_data_and_what_a_killed_run_left(tmp_path: Path, former: dict[str, bytes]) -> None:
    remains = tmp_path / ".demo.partial" / "fresh"
    remains.mkdir(parents=True)
    (remains / "half.jpg").write_bytes(b"x")
    write(tmp_path / "demo", train_images=1)
    assert contents(tmp_path / "demo").keys() < former.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize("step", ["encode_mask", "write_contexts", "rename"])
def test_a_failure_leaves_the_former_data_and_nothing_else(
    tmp_path: Path, former: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    rename = Path.rename

    def fail(*arguments: Any, **_: object) -> Any:
        if step == "rename" and arguments[0].name != "fresh":  # the former data make room first
            return rename(*arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path if step == "rename" else writer, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "demo", seed=8, workers=2 if step == "write_contexts" else 1)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert contents(tmp_path / "demo") == former


def test_a_parent_that_is_a_file_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "demo")
