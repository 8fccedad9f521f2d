"""The benchmark of the review queue, on masks whose scores are known."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.review_queue import ORACLE, QUEUE, RANDOM, Measured, area, curve, orders_of, read
from seco.review.signals import COMPARED
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import MIOU

COUNT, CLASSES = 12, 3


def masks() -> tuple[np.ndarray, np.ndarray]:
    """Return true masks, and masks of which some pixels are wrong, ``[N, 16, 16]``."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, (COUNT, 16, 16), dtype=np.uint8)
    wrong = rng.random(truth.shape) < np.linspace(0, 0.8, COUNT)[:, None, None]
    return truth, np.where(wrong, rng.integers(0, CLASSES, truth.shape), truth).astype(np.uint8)


@pytest.fixture
def run() -> Measured:
    truth, predicted = masks()
    counts = np.zeros((COUNT, CLASSES, CLASSES))
    np.add.at(counts, (np.arange(COUNT)[:, None, None], truth, predicted), 1)
    zeros = np.zeros((COUNT, len(COMPARED), CLASSES))
    return Measured(
        missing=zeros,
        excess=zeros,
        area=counts.sum(axis=1) / 256,
        probabilities=np.ones((COUNT, CLASSES - 1)),
        tags=np.ones((COUNT, CLASSES - 1), bool),
        sizes=np.full(COUNT, 256.0),
        known=np.ones(COUNT, bool),
        entropy=np.arange(COUNT, dtype=float),
        confidence=np.zeros(COUNT),
        uncertain_pixel=np.zeros(COUNT),
        found=np.einsum("ncc->nc", counts),
        called=counts.sum(axis=1),
        truth=counts.sum(axis=2),
        counted=np.ones(CLASSES, bool),
    )


def test_the_curve_is_the_miou_of_masks_with_the_first_corrected(run: Measured) -> None:
    order = np.random.default_rng(1).permutation(COUNT)
    found = curve(run, [order], np.arange(COUNT))
    truth, predicted = masks()
    for count in range(COUNT + 1):
        matrix = ConfusionMatrix(CLASSES - 1)
        matrix.update(truth, predicted)
        assert found[count] == pytest.approx(MIOU.mean(matrix))
        if count < COUNT:
            predicted[order[count]] = truth[order[count]]
    assert found[-1] == 1


def test_a_resample_counts_an_image_as_often_as_it_was_drawn(run: Measured) -> None:
    drawn = np.array([3, 3, 7, 11])
    found = curve(run, [np.arange(COUNT)], drawn)
    assert len(found) == 5
    union = (run.truth + run.called - run.found)[drawn].sum(axis=0)
    assert found[0] == pytest.approx(np.mean(run.found[drawn].sum(axis=0) / union))


def test_every_order_has_every_image_and_the_oracle_the_best_curve(run: Measured) -> None:
    every, orders = np.arange(COUNT), orders_of(run)
    areas = {name: area(curve(run, own, every)) for name, own in orders.items()}
    assert all(sorted(order) == list(range(COUNT)) for own in orders.values() for order in own)
    assert {QUEUE, RANDOM, ORACLE} <= areas.keys()
    assert areas[ORACLE] == max(areas.values())
    assert areas["entropy"] > areas[RANDOM]  # later images are worse


def test_classes_of_few_images_can_be_left_out(run: Measured, tmp_path: Path) -> None:
    truth = run.truth.copy()
    truth[1:, 2] = 0
    np.savez(tmp_path / "run.npz", **(run._replace(truth=truth)._asdict()))
    assert read(tmp_path / "run.npz", 1).counted.tolist() == [True, True, True]
    assert read(tmp_path / "run.npz", 2).counted.tolist() == [True, True, False]
