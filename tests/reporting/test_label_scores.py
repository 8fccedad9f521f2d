from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.inference.cam_store import cam_path, write_cam
from seco.reporting.label_scores import measure_labels
from seco.storage.manifest import Manifest
from tests.reporting.run_tree import make_run

PROBABILITIES = {"a": (0.9, 0.2, 0.1), "b": (0.6, 0.7, 0.8), "c": (0.1, 0.9, 0.4)}


def store(manifest: Manifest, cams: Path, names: str) -> None:
    for name in names:
        write_cam(cams, name, np.array([1]), np.zeros((1, 3, 4)), np.array(PROBABILITIES[name]))


def test_each_split_is_scored_over_the_images_whose_probabilities_are_stored(tmp_path: Path) -> None:
    manifest, _ = make_run(tmp_path)  # its CAMs hold none; a: cat; b, c: dog and person; d: cat and dog
    assert measure_labels(manifest, cams=tmp_path / "cams") == {}
    store(manifest, tmp_path / "cams", "abc")
    assert measure_labels(manifest, cams=tmp_path / "nowhere") == {}
    cam_path(tmp_path / "cams", "d").unlink()
    with pytest.raises(SecoError, match=r"the CAM .*d\.npz is missing: run `seco export-cams`"):
        measure_labels(manifest, cams=tmp_path / "cams")
    found = measure_labels(manifest, cams=tmp_path / "cams", partly=True)
    assert found["train"].images == 2
    assert found["train"].images_of_class.tolist() == [1, 1, 1]
    assert found["train"].f1.tolist() == [np.float32(2 / 3), 1, 1]  # b is taken for a cat too
    assert found["val"].images_of_class.tolist() == [0, 1, 1]
    assert found["val"].f1.tolist()[1:] == [1, 0]


def test_an_image_without_a_label_counts_in_train_alone(tmp_path: Path) -> None:
    manifest, _ = make_run(tmp_path)
    store(manifest, tmp_path / "cams", "abc")
    records = tuple(replace(record, labels=()) for record in manifest.records)
    found = measure_labels(replace(manifest, records=records), cams=tmp_path / "cams")
    assert {split: scores.images for split, scores in found.items()} == {"train": 2}
