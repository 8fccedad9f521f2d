"""One data set gives the same files in three formats, and the counts of independent code."""

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
from seco.storage.label_map import IGNORE
from seco.storage.manifest import Record, read_manifest
from tests.data.trees import (
    CLASSES,
    LISTS,
    add_voc_image,
    make_voc,
    prepared,
    write_table,
    written,
)

VOC_ROOT = os.environ.get("SECO_VOC_ROOT")
real = pytest.mark.skipif(VOC_ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")


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
            "images_corrected": 0,
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
