import os
from collections import Counter
from pathlib import Path

import pytest

from seco.classes import VOC
from seco.datasets.checking import CheckedRecord
from seco.datasets.summary import summarise
from seco.datasets.voc import read_voc
from seco.storage.manifest import Manifest, read_manifest, write_manifest

ROOT = os.environ.get("SECO_VOC_ROOT")
pytestmark = pytest.mark.skipif(ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")


@pytest.fixture(scope="module")
def checked() -> list[CheckedRecord]:
    return read_voc(Path(ROOT or ""), lists={"train": "train_aug", "val": "val"}, class_names=VOC)


def test_the_subset_has_400_and_100_photographs_with_masks(checked: list[CheckedRecord]) -> None:
    assert Counter(item.record.split for item in checked) == {"train": 400, "val": 100}
    assert all(item.record.mask is not None for item in checked)
    assert all(item.record.labels for item in checked)


def test_some_labels_have_no_pixel_and_that_is_counted(checked: list[CheckedRecord]) -> None:
    unseen = summarise(checked, class_names=VOC)["images_with_unseen_labels"]
    assert 10 <= unseen["train"] <= 40


def test_its_manifest_survives_the_round_trip(checked: list[CheckedRecord], tmp_path: Path) -> None:
    manifest = Manifest(records=tuple(item.record for item in checked), class_names=VOC)
    write_manifest(tmp_path, manifest, summary=summarise(checked, class_names=VOC))
    assert read_manifest(tmp_path) == manifest
