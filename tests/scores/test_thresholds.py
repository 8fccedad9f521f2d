import numpy as np
import pytest

from seco.scores.confusion import ConfusionMatrix
from seco.scores.thresholds import ThresholdCounts


def bytes_of(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_two_thresholds_by_hand() -> None:
    counts = ThresholdCounts(num_classes=2, num_thresholds=2)
    truth, strongest = bytes_of([0, 1, 1], [2, 2, 255]), bytes_of([1, 1, 1], [2, 1, 2])
    counts.update(truth, strongest, levels=bytes_of([1, 2, 0], [1, 2, 2]))
    low, high = counts.matrices()
    # Rows are the truth; the weak pixel of class 1 is background at both thresholds.
    assert low.counts.tolist() == [[0, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]
    assert high.counts.tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_every_threshold_counts_as_a_mask_of_its_own() -> None:
    rng = np.random.default_rng(0)
    counts = ThresholdCounts(num_classes=3, num_thresholds=5)
    masks = [ConfusionMatrix(3) for _ in range(5)]
    for size in ((7, 9), (4, 1)):
        truth = rng.choice(np.array([0, 1, 2, 3, 255], np.uint8), size)
        strongest, levels = rng.integers(0, 4, size, np.uint8), rng.integers(0, 6, size, np.uint8)
        image = ThresholdCounts(3, 5)
        image.update(truth, strongest, levels)
        counts.merge(image)
        for index, mask in enumerate(masks):
            mask.update(truth, np.where(levels > index, strongest, 0).astype(np.uint8))
    assert [matrix.counts.tolist() for matrix in counts.matrices()] == [mask.counts.tolist() for mask in masks]


@pytest.mark.parametrize(("truth", "strongest", "levels"), [(3, 0, 0), (0, 255, 0), (0, 0, 3)])
def test_values_out_of_range_are_refused(truth: int, strongest: int, levels: int) -> None:
    with pytest.raises(ValueError, match="invalid entry"):
        ThresholdCounts(2, 2).update(bytes_of([truth]), bytes_of([strongest]), bytes_of([levels]))


def test_images_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        ThresholdCounts(2, 2).update(bytes_of([0]), bytes_of([0, 1]), bytes_of([0]))
