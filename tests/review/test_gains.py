"""The gain that signals expect, against the mIoU that corrections bring."""

import numpy as np
import pytest

from seco.review.gains import RARITY, SIGNALS, TAGS, class_gain, signal_gains
from seco.review.signals import COMPARED, Comparison

RNG = np.random.default_rng(0)


def test_the_gain_is_the_first_order_change_of_the_mean_iou() -> None:
    """With the true errors, scaled down, the sum of gains is what correcting them all brings."""
    area = RNG.uniform(50, 100, (6, 3))
    missing, excess = 1e-4 * RNG.uniform(0, 1, (2, 6, 3)) * area

    truth = (area - excess + missing).sum(axis=0)
    before = (truth - missing.sum(axis=0)) / (truth + excess.sum(axis=0))
    assert class_gain(missing, excess, area).sum() == pytest.approx(np.mean(1 - before), rel=1e-3)


def test_an_error_counts_more_in_a_class_with_fewer_pixels() -> None:
    area = np.array([[100.0, 10.0], [100.0, 10.0]])
    gain = class_gain(np.full((2, 2), 1.0), np.zeros((2, 2)), area)
    np.testing.assert_allclose(gain, np.array([[1 / 202, 1 / 22]] * 2) / 2)


def test_a_class_that_nothing_shows_gains_nothing() -> None:
    empty = np.zeros((2, 2))
    gain = class_gain(empty, empty, np.array([[4.0, 0.0], [4.0, 0.0]]))
    assert (gain == 0).all()


def compared(area: list[float], probabilities: list[float]) -> Comparison:
    silent = np.zeros((len(COMPARED), len(area)), np.float32)
    return Comparison(silent, silent, np.array(area, np.float32), np.array(probabilities, np.float32))


def test_tags_and_predicted_classes_say_what_is_missing_and_what_is_wrong() -> None:
    images = [
        compared([0.6, 0.4, 0.0], [1.0, 0.0]),  # as its tags say
        compared([1.0, 0.0, 0.0], [0.5, 0.0]),  # lacks its tag
        compared([1.0, 0.0, 0.0], [0.5, 0.0]),  # no tag, and half a class 1
        compared([0.6, 0.4, 0.0], [0.25, 0.0]),  # a tag that the classifier doubts
        compared([1.0, 0.0, 0.0], [0.5, 0.0]),  # tags not known
    ]
    tags = np.array([[1, 0], [1, 0], [0, 0], [1, 0], [0, 0]], bool)
    known = np.array([1, 1, 1, 1, 0], bool)
    gains = signal_gains(images, tags, known, np.full(5, 100.0))
    assert gains.shape == (len(SIGNALS), 5, 3)
    of_tags = gains[SIGNALS.index(TAGS), :, 1]
    assert of_tags[0] == of_tags[4] == 0
    assert of_tags[1] == pytest.approx(2 * of_tags[2])  # certain, and with a probability of a half
    assert 0 < of_tags[3] < of_tags[1]
    np.testing.assert_array_equal(gains[SIGNALS.index(RARITY), :, 1] > 0, tags[:, 0])
    assert not gains[: len(COMPARED)].any()


def test_a_tag_that_no_mask_shows_is_missing_with_the_area_of_the_other_classes() -> None:
    images = [compared([0.6, 0.4, 0.0], [1.0, 0.0]), compared([1.0, 0.0, 0.0], [0.0, 0.0])]
    gains = signal_gains(images, np.array([[1, 0], [0, 1]], bool), np.ones(2, bool), np.full(2, 100.0))
    assert gains[SIGNALS.index(TAGS), 1, 2] == pytest.approx(1 / 3)  # all of the class, one of three in the mean
