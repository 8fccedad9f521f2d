import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.scores.evaluation import Evaluation, evaluate_masks
from seco.scores.metrics import METRICS, TOTALS
from seco.storage.confidence import write_confidence
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, write_mask

TRUTH = {"a": [[0, 1], [1, 255]], "b": [[2, 2], [0, 0]], "c": [[1, 1], [1, 1]]}
GUESS = {"a": [[0, 1], [2, 2]], "b": [[2, 0], [0, 1]], "c": [[1, 1], [1, 255]]}
SPLIT = {"a": "train", "b": "val", "c": "val", "d": "val"}
CONTEXTS = {"b": ("room", "biased"), "c": ("room",)}


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    for image_id in TRUTH:
        write_mask(tmp_path / f"truth/{image_id}.png", np.array(TRUTH[image_id], np.uint8))
        write_mask(mask_path(tmp_path / "masks", image_id), np.array(GUESS[image_id], np.uint8))
    masks = {image_id: tmp_path / f"truth/{image_id}.png" for image_id in TRUTH}
    return [Record(name, Path(f"{name}.jpg"), masks.get(name), ("cat",), SPLIT[name], 2, 2) for name in SPLIT]


def evaluate(records: list[Record], folder: Path, **options) -> dict[str, Evaluation]:
    classes = {"class_names": ("cat", "dog"), "contexts": CONTEXTS}
    return evaluate_masks(records, folder / "masks", stage="refine", **classes, **options)


def test_each_split_and_context_is_counted_over_its_images(records: list[Record], tmp_path: Path) -> None:
    found = evaluate(records, tmp_path)
    assert list(found) == ["train", "val"]
    train, val = found["train"], found["val"]
    assert train.whole.counts.tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert train.by_context == {}
    assert val.whole.counts.tolist() == [[1, 1, 0, 0], [0, 3, 0, 1], [1, 0, 1, 0]]
    room, biased = val.by_context["room"], val.by_context["biased"]
    assert (room.images, biased.images) == (2, 1)
    assert (room.images_of_class.tolist(), biased.images_of_class.tolist()) == ([1, 1, 1], [1, 0, 1])
    assert np.array_equal(room.counts, val.whole.counts)
    assert biased.counts.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]]


def test_images_without_a_truth_mask_are_skipped_and_counted(records: list[Record], tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = evaluate(records, tmp_path, progress=lambda *step: steps.append(step))
    assert (found["train"].whole.images, found["train"].without_truth) == (1, 0)
    assert (found["val"].whole.images, found["val"].without_truth) == (2, 1)
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_missing_mask_names_the_stage(records: list[Record], tmp_path: Path) -> None:
    mask_path(tmp_path / "masks", "b").unlink()
    fault = rf"1 of 4 masks are missing in {tmp_path}/masks \(b\): run `seco refine`, or score the others"
    with pytest.raises(SecoError, match=fault):
        evaluate(records, tmp_path)


def test_partly_the_masks_that_are_there_are_scored_and_the_others_counted(
    records: list[Record], tmp_path: Path
) -> None:
    mask_path(tmp_path / "masks", "b").unlink()
    found = evaluate(records, tmp_path, partly=True)
    assert (found["train"].missing, found["val"].missing) == (0, 1)
    assert found["val"].by_image.ids == ["c"]
    assert found["val"].whole.counts.tolist() == [[0, 0, 0, 0], [0, 3, 0, 1], [0, 0, 0, 0]]


def test_an_image_whose_truth_ignores_every_pixel_changes_no_score(records: list[Record], tmp_path: Path) -> None:
    whole = evaluate(records, tmp_path)["val"]
    write_mask(tmp_path / "truth/d.png", np.full((2, 2), 255, np.uint8))
    write_mask(mask_path(tmp_path / "masks", "d"), np.ones((2, 2), np.uint8))
    ignored = [replace(record, mask=tmp_path / f"truth/{record.id}.png") for record in records]
    found = evaluate(ignored, tmp_path)["val"]
    assert found.whole.images == whole.whole.images + 1
    assert np.array_equal(found.whole.counts, whole.whole.counts)
    assert np.array_equal(found.whole.boundaries, whole.whole.boundaries)
    alone = evaluate([record for record in ignored if record.id == "d"], tmp_path)["val"]
    assert all(math.isnan(score.mean(alone.whole)) for score in (METRICS | TOTALS).values())


def test_the_confidence_of_a_segmentation_is_counted_by_level(records: list[Record], tmp_path: Path) -> None:
    for image_id in TRUTH:
        confidence = np.array([[0.0, 0.26], [0.99, 1.0]])
        write_confidence(mask_path(tmp_path / "sure", image_id), confidence, size=(2, 2))
    train = evaluate(records, tmp_path, confidence=tmp_path / "sure")["train"]
    pixels = {0: 1, 4: 1, 15: 1}  # the last pixel's truth is ignored
    assert train.calibration.pixels.tolist() == [pixels.get(level, 0) for level in range(16)]
    assert np.flatnonzero(train.calibration.accuracy() == 1).tolist() == [0, 4]
    mask_path(tmp_path / "sure", "b").unlink()
    with pytest.raises(SecoError, match=r"sure/b\.png .*"):
        evaluate(records, tmp_path, confidence=tmp_path / "sure")


def test_a_mask_of_another_size_is_refused(records: list[Record], tmp_path: Path) -> None:
    write_mask(mask_path(tmp_path / "masks", "b"), np.zeros((4, 4), np.uint8))
    with pytest.raises(SecoError, match=r"b\.png is 4x4 pixels but its image is 2x2"):
        evaluate(records, tmp_path)
