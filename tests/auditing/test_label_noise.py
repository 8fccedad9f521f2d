"""Labels that a model contradicts: thresholds and ranks by hand, and noise that was planted."""

import numpy as np
import pytest

from seco.auditing.label_noise import (
    MISSING,
    WRONG,
    class_thresholds,
    contradictions,
    counted,
    wrong_scores,
)

SHOWN = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 1]], bool)
PROBABILITIES = np.array([[0.9, 0.5], [0.7, 0.2], [0.05, 0.6], [0.8, 0.6], [0.1, 0.6], [0.3, 0.2]])


def test_thresholds_are_means_with_and_without_the_label():
    thresholds = class_thresholds(SHOWN, PROBABILITIES)
    assert thresholds.with_label == pytest.approx([0.55, 0.5])
    assert thresholds.without_label == pytest.approx([0.4, 0.35])
    assert wrong_scores(PROBABILITIES, thresholds)[2] == pytest.approx([1 - 0.05 / 0.4, 1 - 0.6 / 0.35])


def test_both_kinds_are_listed_in_turn_the_surest_first():
    found = contradictions(SHOWN, PROBABILITIES)
    assert [(item.kind, item.image, item.class_index) for item in found] == [
        (MISSING, 3, 0),  # 0.8 is above 0.55
        (WRONG, 2, 0),  # 0.05 is an eighth of 0.4
        (MISSING, 0, 1),  # 0.5 is the mean of images with the label
        (WRONG, 5, 1),  # 0.2 is below 0.35
    ]
    assert [item.probability for item in found] == [0.8, 0.05, 0.5, 0.2]
    assert counted(found, WRONG, num_classes=2).tolist() == [1, 1]


def test_a_class_on_all_images_or_none_or_that_is_not_told_apart_is_not_judged():
    shown = np.array([[1, 0, 1], [1, 0, 1], [1, 0, 0], [1, 0, 0]], bool)
    probabilities = np.array([[0.0, 1.0, 0.4], [1.0, 1.0, 0.6], [0.5, 0.0, 0.9], [0.5, 0.0, 0.9]])
    assert class_thresholds(shown, probabilities).judged.tolist() == [False] * 3
    assert contradictions(shown, probabilities) == []


def test_planted_noise_is_found_whatever_the_level_of_a_class():
    rng = np.random.default_rng(0)
    truth = rng.random((400, 3)) < 0.3
    # The third class is rare in the model's eyes: where it is, its probability is lower than that of the first where it
    # is not.
    levels = np.array([[0.3, 0.9], [0.1, 0.8], [0.02, 0.2]])
    probabilities = np.where(truth, levels[:, 1], levels[:, 0]) * rng.uniform(0.8, 1.1, truth.shape)
    spoilt = rng.random(truth.shape) < 0.05
    found = contradictions(truth ^ spoilt, probabilities)
    for kind, asked in ((MISSING, spoilt & truth), (WRONG, spoilt & ~truth)):
        first = [(item.image, item.class_index) for item in found if item.kind == kind][: int(asked.sum())]
        assert np.mean([asked[place] for place in first]) > 0.75
