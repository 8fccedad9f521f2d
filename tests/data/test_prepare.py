"""What `seco prepare` writes: problems, manifest, masks and statistics; the same for one data set in three formats."""

import csv
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from seco.data.class_sets import VOC
from seco.data.prepare import DatasetStatistics, link_masks, linked_folders, summarise, write_dataset
from seco.data.problems import Problem, refuse, write_problems
from seco.errors import SecoError
from seco.storage.label_map import IGNORE
from seco.storage.manifest import Record, read_manifest
from tests.data.trees import (
    CLASSES,
    LISTS,
    Prepared,
    add_voc_image,
    make_json,
    make_photos,
    make_voc,
    mask_cache,
    prepared,
    write_list,
    write_table,
)

VOC_ROOT = os.environ.get("SECO_VOC_ROOT")
real = pytest.mark.skipif(VOC_ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")


def written(found: Prepared, root: Path, folder: Path) -> DatasetStatistics:
    return write_dataset(folder, found.dataset, root=root, mask_cache=mask_cache(root))


def test_the_first_twenty_problems_are_shown_and_the_rest_counted() -> None:
    with pytest.raises(SecoError) as told:
        refuse([Problem(Path("x"), f"fault {number}.") for number in range(23)], listing=Path("p/problems.csv"))
    lines = str(told.value).splitlines()
    assert lines[0] == "the data has 23 problems:"
    assert lines[20:] == [
        "  fault 19.",
        "  … and 3 more",
        "  (all in p/problems.csv; `seco prepare --skip-bad` leaves them out)",
    ]
    refuse([], listing=Path("p/problems.csv"))


def test_all_problems_are_written_with_their_files(tmp_path: Path) -> None:
    problems = [Problem(Path(f"a, {number}.jpg"), f'it is "{number}"') for number in range(30)]
    with write_problems(tmp_path, problems).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["file", "problem"], *([f"a, {number}.jpg", f'it is "{number}"'] for number in range(30))]


def test_without_an_image_to_train_on_nothing_is_written(voc: Path, tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="no image is in the split 'train'"):
        written(prepared(voc, "voc", lists={"val": "val"}), voc, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_pairs_are_counted_with_their_lift(own: Path, tmp_path: Path) -> None:
    statistics = written(prepared(own, "csv"), own, tmp_path / "prepared")
    assert (tmp_path / "prepared/cooccurrence.csv").read_text().splitlines() == [
        "class,other,images_of_class,images_of_other,images_together,lift",
        "cat,dog,1,2,0,0",
        "cat,person,1,1,0,0",
        "dog,person,2,1,1,1.5",
    ]
    assert statistics.lifts[2, 3] == 3 * 1 / (2 * 1)


def test_the_summary_counts_images_labels_and_masks(voc: Path) -> None:
    add_voc_image(voc, "d", names=["cat"], mask_values=[1, 2])
    write_list(voc, "train_aug", ["a", "b", "d"])
    dataset = prepared(voc, "voc").dataset
    problems = [Problem(Path("x.jpg"), "x.jpg is empty")] * 5
    assert summarise(replace(dataset, problems=problems, unlabelled=Counter(train=3))) == {
        "images": {"train": 3, "val": 1},
        "images_without_mask": {"train": 0, "val": 1},
        "images_without_label": {"train": 0, "val": 0},
        "images_a_class": {"train": {"cat": 2, "dog": 2, "person": 1}, "val": {"cat": 0, "dog": 1, "person": 0}},
        "labels_an_image": {"train": {1: 1, 2: 2}, "val": {1: 1}},
        "images_with_unseen_labels": {"train": 1, "val": 0},
        "images_with_unnamed_classes": {"train": 1, "val": 0},
        "left_out_without_label": {"train": 3},
        "problems": 5,
    }


def test_drawn_masks_replace_old_ones(folder: Path) -> None:
    root, target = make_json(Path("own")), Path("prepared")
    (target / "masks").mkdir(parents=True)
    (target / "masks/old.png").write_text("old")
    found = prepared(root, "json")
    written(found, root, target)
    names = ["classes.csv", "cooccurrence.csv", "digests.csv", "manifest.csv", "masks", "summary.json"]
    assert sorted(path.name for path in target.iterdir()) == names
    assert sorted(path.name for path in (target / "masks").iterdir()) == ["a.png", "b.png"]
    for before, after in zip(found.records, read_manifest(target).records, strict=True):
        assert before.mask is not None
        assert after.mask == target / "masks" / f"{before.id}.png"
        assert after.mask.read_bytes() == before.mask.read_bytes()
        assert replace(after, mask=None) == replace(before, mask=None)


def test_digests_change_with_the_content_of_the_file_alone(voc: Path, tmp_path: Path) -> None:
    def digests() -> dict[str, tuple[str, str]]:
        written(prepared(voc, "voc"), voc, tmp_path / "prepared")
        with (tmp_path / "prepared/digests.csv").open(newline="") as file:
            return {row["id"]: (row["image"], row["mask"]) for row in csv.DictReader(file)}

    before = digests()
    image = voc / "JPEGImages/a.jpg"
    os.utime(image, (1, 1))
    assert digests() == before
    image.write_bytes(image.read_bytes() + b" ")
    after = digests()
    assert after["a"][0] != before["a"][0]
    assert {**after, "a": before["a"]} == before


def test_contexts_are_checked_and_copied_and_stale_ones_go(voc: Path, tmp_path: Path) -> None:
    contexts, copy = voc / "contexts.csv", tmp_path / "prepared/contexts.csv"
    contexts.write_text("id,split,contexts,biased\na,train,water,1\n")
    written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    assert copy.read_text() == contexts.read_text()
    contexts.write_text("something else\n")
    with pytest.raises(SecoError, match=r"contexts\.csv"):
        written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    contexts.unlink()
    written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    assert not copy.exists()


def test_masks_of_the_data_stay_where_they_are_and_stale_ones_go(voc: Path, tmp_path: Path) -> None:
    images = prepared(voc, "voc").dataset.images
    (tmp_path / "prepared/masks").mkdir(parents=True)
    assert link_masks(images, cache=mask_cache(voc), folder=tmp_path / "prepared") == images
    assert list((tmp_path / "prepared").iterdir()) == []


def test_linked_folders_are_found_but_not_the_root_itself(tmp_path: Path) -> None:
    make_photos(tmp_path / "photographs")
    (tmp_path / "own").symlink_to("photographs")
    (tmp_path / "photographs/photos/sub").rename(tmp_path / "elsewhere")
    (tmp_path / "photographs/photos/sub").symlink_to(tmp_path / "elsewhere")
    found = prepared(tmp_path / "own", "csv")
    assert found.faults == []
    assert linked_folders(tmp_path / "own", found.dataset.images) == [tmp_path / "own/photos/sub"]


@pytest.fixture(params=["made", pytest.param("real", marks=real)])
def voc_data(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Sequence[str]]:
    """A VOC tree to which files can be added, and its classes."""
    root = tmp_path / "data"
    if request.param == "made":
        make_voc(root)
        add_voc_image(root, "c", names=["dog", "cat"], mask_values=[2, 2, 2, 0, 255])
        return root, CLASSES
    root.mkdir()
    for path in Path(VOC_ROOT or "").resolve().iterdir():
        (root / path.name).symlink_to(path)
    return root, VOC


def test_a_data_set_gives_the_same_files_in_every_format(voc_data: tuple[Path, Sequence[str]], tmp_path: Path) -> None:
    root, classes = voc_data
    as_voc = prepared(root, "voc", classes=classes)
    write_csv(root, as_voc.records)
    lists = write_jsons(root, as_voc.records, classes)
    written(as_voc, root, tmp_path / "voc")
    written(prepared(root, "csv", classes=classes), root, tmp_path / "csv")
    written(prepared(root, "json", classes=classes, lists=lists, source=None), root, tmp_path / "json")
    expected = read_manifest(tmp_path / "voc")
    for name in ("csv", "json"):
        for file in ("classes.csv", "cooccurrence.csv", "summary.json"):
            assert (tmp_path / name / file).read_bytes() == (tmp_path / "voc" / file).read_bytes()
        for record, other in zip(read_manifest(tmp_path / name).records, expected.records, strict=True):
            assert replace(record, mask=None) == replace(other, mask=None)
            assert record.mask is not None
            assert other.mask is not None
            assert name == "csv" or record.mask.is_relative_to(tmp_path / "json/masks")
            with Image.open(record.mask) as mask, Image.open(other.mask) as truth:
                assert mask.mode == "P"
                assert np.array_equal(np.asarray(mask), np.asarray(truth)), record.id


@real
def test_the_counts_of_real_photographs_are_those_of_independent_code(tmp_path: Path) -> None:
    root = Path(VOC_ROOT or "").resolve()
    summary = written(prepared(root, "voc", classes="voc", cache=tmp_path), root, tmp_path).summary
    for split, name in LISTS.items():
        ids = (root / "ImageSets/Segmentation" / f"{name}.txt").read_text().split()
        xmls = [ElementTree.parse(root / "Annotations" / f"{image_id}.xml") for image_id in ids]
        labels = [{item.text or "" for item in xml.findall("./object/name")} for xml in xmls]
        masks = [np.asarray(Image.open(root / "SegmentationClassAug" / f"{image_id}.png")) for image_id in ids]
        shown = [{VOC[value - 1] for value in np.unique(mask) if 0 < value < 255} for mask in masks]
        counts = Counter(label for found in labels for label in found)
        assert {key: value[split] for key, value in summary.items() if "images" in key} == {
            "images": {"train": 400, "val": 100}[split],
            "images_without_mask": 0,
            "images_without_label": 0,
            "images_a_class": {name: counts[name] for name in VOC},
            "images_with_unseen_labels": sum(not a <= b for a, b in zip(labels, shown, strict=True)),
            "images_with_unnamed_classes": sum(not b <= a for a, b in zip(labels, shown, strict=True)),
        }
        assert summary["labels_an_image"][split] == Counter(map(len, labels))


def write_csv(root: Path, records: Sequence[Record]) -> None:
    """Write `images.csv` below the root."""
    files = [[path.relative_to(root) for path in (record.image, record.mask) if path] for record in records]
    lines = (
        f"{image},{'|'.join(reversed(record.labels))},{record.split},{mask}"
        for record, (image, mask) in zip(records, files, strict=True)
    )
    write_table(root, "image,labels,split,mask", *lines)


def write_jsons(root: Path, records: Sequence[Record], class_names: Sequence[str]) -> dict[str, str]:
    """Write a JSON file a split, with category ids that have gaps as COCO's; return split → its name."""
    ids = {name: 3 * rank + 5 for rank, name in enumerate(class_names)}
    lists = {}
    for split in dict.fromkeys(record.split for record in records):
        content: dict[str, list] = {"images": [], "annotations": []}
        for number, record in enumerate(record for record in records if record.split == split):
            name = str(record.image.relative_to(root))
            entry = {"id": number, "file_name": name, "width": record.width, "height": record.height}
            content["images"].append(entry)
            content["annotations"] += annotations(number, record, class_names, ids)
        content["categories"] = [{"id": ids[name], "name": name} for name in reversed(class_names)]
        (root / f"{split}.json").write_text(json.dumps(content))
        lists[split] = f"{split}.json"
    return lists


def annotations(number: int, record: Record, class_names: Sequence[str], ids: dict[str, int]) -> list[dict[str, Any]]:
    """Return run lengths of the classes that the mask shows, a crowd for its 255, and no outline for other labels."""
    found = [{"image_id": number, "category_id": ids[label]} for label in record.labels]
    assert record.mask is not None
    values = np.asarray(Image.open(record.mask))
    for annotation, label in zip(found, record.labels, strict=True):
        pixels = values == class_names.index(label) + 1
        if pixels.any():
            annotation["segmentation"] = run_lengths(pixels)
    return [*found, {**found[0], "iscrowd": 1, "segmentation": run_lengths(values == IGNORE)}]


def run_lengths(pixels: np.ndarray) -> dict[str, Any]:
    runs = coco_mask.encode(np.asfortranarray(pixels, dtype=np.uint8))
    return {"size": [int(side) for side in pixels.shape], "counts": runs["counts"].decode()}
