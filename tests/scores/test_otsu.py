import numpy as np
import pytest

from seco.scores.otsu import LevelSums


def test_separation_by_hand() -> None:
    sums = LevelSums(3)  # thresholds 0.1, 0.5, 0.95
    sums.update(np.array([[0.2, 0.4], [0.6, 0.8]]), np.array([[1, 1], [2, 2]]))
    # Variance 0.05; the sides of 0.5 have the means 0.3 and 0.7: 0.5 * 0.5 * 0.4² = 0.04.
    assert sums.separation() == pytest.approx([0, 0.8, 0])
    assert sums.foreground() == pytest.approx([1, 0.5, 0])


def test_images_count_alike_whatever_their_size() -> None:
    small, large = LevelSums(2), LevelSums(2)
    values = np.array([[0.1, 0.9, 0.5]])
    for sums, size in ((small, (1, 1)), (large, (4, 5))):
        sums.update(np.tile(values, size), np.tile([[0, 2, 1]], size))
        sums.update(np.array([[0.3]]), np.array([[1]]))
    assert large.separation() == pytest.approx(small.separation())
    assert large.foreground() == pytest.approx([1 - 1 / 6, 1 / 6])


def test_without_variance_nothing_is_separated() -> None:
    constant = LevelSums(2)
    assert np.isnan(constant.separation()).all()
    constant.update(np.full((2, 2), 0.5), np.ones((2, 2), int))
    assert np.isnan(constant.separation()).all()
