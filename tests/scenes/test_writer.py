import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from scenes import writer
from scenes.drawing.bias import CLASSES
from scenes.contexts import CONTEXTS
from scenes.drawing.writer import write_demo
from seco.errors import SecoError
from seco.storage.label_map import palette


def write(root: Path, *, workers: int = 1, seed: int = 3, bias: float = 0.7, train_images: int = 10) -> None:
    write_demo(root, train_images=train_images, val_images=4, bias=bias, image_size=96, seed=seed, workers=workers)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "raw" / "demo"
    write(root)
    return root


def rows(demo: Path) -> list[dict[str, str]]:
    with (demo / "contexts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_do_not_depend_on_the_number_of_workers(demo: Path, tmp_path: Path) -> None:
    write(tmp_path / "demo", workers=2)
    assert contents(tmp_path / "demo") == contents(demo)


def test_another_seed_gives_other_images(demo: Path, tmp_path: Path) -> None:
    write(tmp_path / "demo", seed=4)
    name = "JPEGImages/train_00000.jpg"
    assert (tmp_path / "demo" / name).read_bytes() != (demo / name).read_bytes()


def test_an_image_does_not_depend_on_how_many_there_are(demo: Path, tmp_path: Path) -> None:
    write(tmp_path / "demo", train_images=2)
    few, many = contents(tmp_path / "demo"), contents(demo)
    for name in ("JPEGImages/train_00001.jpg", "JPEGImages/val_00000.jpg", "SegmentationClass/val_unbiased_00003.png"):
        assert few[name] == many[name]


def test_the_lists_name_every_image_once_with_its_mask_and_annotation(demo: Path) -> None:
    lists = {p.stem: p.read_text(encoding="utf-8").split() for p in (demo / "ImageSets/Segmentation").iterdir()}
    assert {split: len(ids) for split, ids in lists.items()} == {"train": 10, "val": 4, "val_unbiased": 4}
    ids = {image_id for split in lists.values() for image_id in split}
    assert len(ids) == 18
    for folder in ("JPEGImages", "SegmentationClass", "Annotations"):
        assert {path.stem for path in (demo / folder).iterdir()} == ids


def test_masks_are_palette_images_that_hold_the_annotated_classes_and_nothing_else(demo: Path) -> None:
    for path in (demo / "Annotations").iterdir():
        note = ElementTree.parse(path)
        names = [node.text for node in note.findall("object/name")]
        size = tuple(int(note.findtext(f"size/{side}") or 0) for side in ("width", "height"))
        with Image.open(demo / "SegmentationClass" / f"{path.stem}.png") as mask:
            assert mask.mode == "P"
            assert (mask.getpalette() or [])[:30] == list(palette()[:30])
            assert mask.size == size
            ids = set(np.unique(np.asarray(mask)).tolist())
        assert ids == {0, *(CLASSES.index(str(name)) + 1 for name in names)}
        with Image.open(demo / "JPEGImages" / (note.findtext("filename") or "")) as image:
            assert image.size == size
            assert max(size) == 96
            assert min(size) >= 77


def test_the_context_table_tells_background_partners_and_bias(demo: Path) -> None:
    table = rows(demo)
    assert [row["split"] for row in table] == ["train"] * 10 + ["val"] * 4 + ["val_unbiased"] * 4
    assert {row["biased"] for row in table if row["split"] == "val_unbiased"} == {"0"}
    for row in table:
        background, *partners = row["contexts"].split(";")
        assert background in CONTEXTS
        note = ElementTree.parse(demo / "Annotations" / f"{row['id']}.xml")
        names = [node.text for node in note.findall("object/name")]
        assert partners == [name for name in names if name in ("chair", "horse", "person", "sofa")]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_demo(
        tmp_path / "demo", train_images=1, val_images=1, bias=0.5, image_size=64, seed=0,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    write(tmp_path / "demo", train_images=5)
    write(tmp_path / "demo", train_images=2)
    assert len(list((tmp_path / "demo/JPEGImages").glob("train_*"))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize(("step", "workers"), [("_write_image", 1), ("_write_lists", 2), ("_swap", 1)])
def test_a_failure_leaves_what_was_there_and_no_scraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, workers: int
) -> None:
    write(tmp_path / "demo", train_images=2)
    before = contents(tmp_path / "demo")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, step, full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "demo", workers=workers, seed=8)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert contents(tmp_path / "demo") == before


def test_a_move_that_fails_half_way_puts_the_former_data_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "demo", train_images=2)
    before = contents(tmp_path / "demo")
    rename = Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "fresh":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(PermissionError):
        write(tmp_path / "demo", seed=8)
    assert contents(tmp_path / "demo") == before


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    scraps = tmp_path / ".demo.partial" / "fresh"
    scraps.mkdir(parents=True)
    (scraps / "half.jpg").write_bytes(b"x")
    write(tmp_path / "demo", train_images=1)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert not list((tmp_path / "demo").rglob("half.jpg"))


def test_a_parent_that_is_a_file_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "demo")


def test_impossible_values_are_all_named_in_one_go(tmp_path: Path) -> None:
    with pytest.raises(SecoError) as caught:
        write_demo(tmp_path / "demo", train_images=0, val_images=-1, bias=1.5, image_size=9, seed=0, workers=0)
    message = str(caught.value)
    for fault in ("train_images is 0", "val_images is -1", "bias is 1.5", "image_size is 9", "workers is 0"):
        assert fault in message
    assert not list(tmp_path.iterdir())


def test_a_bias_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="bias"):
        write(tmp_path / "demo", bias=float("nan"))
