import numpy as np
import pytest

from seco.scores.normalised_cut import SIGMA_RGB, SIGMA_XY, separations

HALVES = np.zeros((12, 16, 3), np.uint8)
HALVES[:, 8:] = (0, 90, 200)


def test_by_a_dense_matrix_of_similarities() -> None:
    rng = np.random.default_rng(0)
    image = (HALVES // 20 + rng.integers(0, 8, HALVES.shape)).astype(np.uint8)  # near each other: no side is apart
    levels = rng.integers(0, 4, HALVES.shape[:2])
    rows, columns = np.indices(levels.shape) * 30 / SIGMA_XY
    features = np.column_stack([rows.ravel(), columns.ravel(), image.reshape(-1, 3) / SIGMA_RGB])
    similar = np.exp(-0.5 * ((features[:, None] - features[None]) ** 2).sum(axis=2))
    similar /= np.sqrt(np.outer(similar.sum(axis=1), similar.sum(axis=1)))  # the CRF's kernels are normalised
    expected = []
    for threshold in range(3):
        side = levels.ravel() > threshold
        cut = similar[side][:, ~side].sum()
        expected.append(1 - (cut / similar[side].sum() + cut / similar[~side].sum()) / 2)
    # The permutohedral lattice filters with a Gaussian that is right within a few percent.
    assert separations(image, levels, thresholds=3, pixel=30) == pytest.approx(expected, abs=0.02)


def test_the_border_of_the_colours_parts_best() -> None:
    columns = np.tile(np.arange(16), (12, 1))
    levels = np.digitize(columns, [3.5, 7.5, 11.5])  # three thresholds: at columns 4, 8 and 12
    found = separations(HALVES, levels, thresholds=3, pixel=4)
    assert found.argmax() == 1
    assert found[1] == pytest.approx(1, abs=1e-6)


def test_a_side_without_pixels_is_not_apart() -> None:
    levels = np.full((12, 16), 1)
    assert separations(HALVES, levels, thresholds=2, pixel=4).tolist() == [0, 0]
