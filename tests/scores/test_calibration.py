import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from seco.scores.calibration import CENTRES, Calibration, count_levels
from seco.storage.confidence import LEVELS


def test_levels_are_counted_with_how_many_of_their_pixels_are_right() -> None:
    truth, guess = np.array([[0, 1, 2, 255]], np.uint8), np.array([[0, 2, 255, 255]], np.uint8)
    pixels, right = count_levels(truth, guess, np.array([[3, 3, 15, 7]], np.uint8))
    assert {level: int(count) for level, count in enumerate(pixels) if count} == {3: 2, 15: 1}
    assert {level: int(count) for level, count in enumerate(right) if count} == {3: 1}


def test_torchmetrics_finds_the_same_error() -> None:
    rng = np.random.default_rng(0)
    calibration, levels, right = Calibration(), rng.integers(0, LEVELS, (5, 400)), rng.random((5, 400)) < 0.6
    for of_image, correct in zip(levels.astype(np.uint8), right, strict=True):
        truth = np.ones(400, np.uint8)
        calibration.add(count_levels(truth, np.where(correct, 1, 2).astype(np.uint8), of_image))
    # A binary problem: the probability of "right", and whether it was. torchmetrics takes that of the likelier side.
    given, happened = torch.from_numpy(CENTRES[levels].ravel()), torch.from_numpy(right.ravel().astype(int))
    theirs = binary_calibration_error(given, happened, n_bins=LEVELS, norm="l1")
    found = calibration.error()
    assert found.value == pytest.approx(float(theirs))
    assert found.low < found.value < found.high
    assert calibration.pixels.sum() == 2000
    assert calibration.accuracy() == pytest.approx(
        [right.ravel()[levels.ravel() == level].mean() for level in range(LEVELS)]
    )


def test_a_network_that_is_right_as_often_as_it_says_has_no_error() -> None:
    calibration = Calibration()
    pixels = np.full(LEVELS, 64)
    calibration.add(np.stack([pixels, (pixels * CENTRES).astype(int)]))
    assert calibration.error() == (0, 0, 0)


def test_nothing_counted_defines_no_error() -> None:
    assert np.isnan(Calibration().error()).all()
