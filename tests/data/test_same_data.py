"""One data set through three doors: as VOC, as a CSV and as JSON of COCO's form it gives the same manifest."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from seco.data.class_sets import VOC
from seco.data.preparing import Inspected, Statistics, write_dataset
from seco.storage.manifest import Manifest, read_manifest
from tests.data.conversions import write_csv, write_jsons
from tests.data.preparation import Prepared, prepared
from tests.data.voc_tree import CLASSES, add_image, make_tree

LISTS = {"train": "train_aug", "val": "val"}
VOC_ROOT = os.environ.get("SECO_VOC_ROOT")
real = pytest.mark.skipif(VOC_ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")


@pytest.fixture(params=["drawn", pytest.param("real", marks=real)])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Sequence[str]]:
    """A VOC tree to which files can be added, and its classes."""
    root = tmp_path / "data"
    if request.param == "drawn":
        make_tree(root)
        add_image(root, "c", names=["dog", "cat"], mask_values=[2, 2, 2, 0, 255])
        return root, CLASSES
    root.mkdir()
    for path in Path(VOC_ROOT or "").resolve().iterdir():
        (root / path.name).symlink_to(path)
    return root, VOC


def written(found: Prepared, folder: Path, store: Path) -> tuple[Manifest, Statistics]:
    """Write what was found; return it as the next stage reads it."""
    assert found.faults == []
    inspected = Inspected(found.checked, [], tuple(found.listed.class_names), found.listed.left_out)
    told = write_dataset(folder, inspected, store=store)
    return read_manifest(folder), told


def test_the_manifest_and_the_masks_are_the_same(data: tuple[Path, Sequence[str]], tmp_path: Path) -> None:
    root, classes = data
    as_voc = prepared(root, "voc", classes=classes, lists=LISTS)
    records = [item.record for item in as_voc.checked]
    as_csv = prepared(root, "csv", classes=classes, source=write_csv(root, records))
    as_json = prepared(root, "json", classes=classes, lists=write_jsons(root, records, classes))
    store = root.parent / "data-cache" / "masks"
    expected, numbers = written(as_voc, tmp_path / "voc", store)
    for name, found in (("csv", as_csv), ("json", as_json)):
        manifest, told = written(found, tmp_path / name, store)
        assert [replace(record, mask=None) for record in manifest.records] == [
            replace(record, mask=None) for record in expected.records
        ]
        assert manifest.class_names == expected.class_names
        assert told.summary == numbers.summary
        for file in ("classes.csv", "cooccurrence.csv", "summary.json"):
            assert (tmp_path / name / file).read_bytes() == (tmp_path / "voc" / file).read_bytes()
        for record, other in zip(manifest.records, expected.records, strict=True):
            assert record.mask is not None
            assert other.mask is not None
            with Image.open(record.mask) as mask, Image.open(other.mask) as truth:
                assert mask.mode == "P"
                assert np.array_equal(np.asarray(mask), np.asarray(truth)), record.id
    drawn = tmp_path / "json" / "masks"
    assert all(record.mask is not None and record.mask.is_relative_to(drawn) for record in manifest.records)


@real
def test_the_counts_of_the_photographs_are_those_of_independent_code(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.symlink_to(Path(VOC_ROOT or "").resolve())
    manifest, told = written(prepared(root, "voc", classes="voc", lists=LISTS), tmp_path / "prepared", tmp_path)
    counted = {}
    for split, name in LISTS.items():
        ids = (root / "ImageSets/Segmentation" / f"{name}.txt").read_text().split()
        trees = [ElementTree.parse(root / "Annotations" / f"{image_id}.xml") for image_id in ids]
        labels = [{element.text for element in tree.findall("./object/name")} for tree in trees]
        masks = [np.asarray(Image.open(root / "SegmentationClassAug" / f"{image_id}.png")) for image_id in ids]
        shown = [{VOC[value - 1] for value in np.unique(mask) if 0 < value < 255} for mask in masks]
        counted[split] = {
            "images": len(ids),
            "labels": dict(Counter(len(found) for found in labels)),
            "classes": Counter(label for found in labels for label in found),
            "unseen": sum(bool(found - seen) for found, seen in zip(labels, shown, strict=True)),
            "unnamed": sum(bool(seen - found) for found, seen in zip(labels, shown, strict=True)),
            "together": sum({"horse", "person"} <= found for found in labels),
        }
    assert {split: found["images"] for split, found in counted.items()} == {"train": 400, "val": 100}
    for split, found in counted.items():
        assert told.summary["images"][split] == found["images"]
        assert told.summary["labels_an_image"][split] == found["labels"]
        assert told.summary["images_a_class"][split] == {name: found["classes"][name] for name in VOC}
        assert told.summary["images_with_unseen_labels"][split] == found["unseen"]
        assert told.summary["images_with_unnamed_classes"][split] == found["unnamed"]
        assert told.summary["images_without_mask"][split] == 0
    assert counted["train"]["unseen"] > 0
    horse, person = VOC.index("horse") + 1, VOC.index("person") + 1
    assert told.counts[horse, person] == sum(found["together"] for found in counted.values())
    assert len(manifest.records) == 500
