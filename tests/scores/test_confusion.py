import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seco.scores.confusion import ConfusionMatrix

# Two foreground classes and twelve pixels, two of which the truth ignores.
TRUTH = np.array([[0, 0, 0, 1, 1, 1], [1, 2, 2, 255, 255, 0]], np.uint8)
GUESS = np.array([[0, 1, 1, 1, 1, 2], [255, 2, 1, 1, 2, 255]], np.uint8)


def _update(matrix: ConfusionMatrix, truth: list[int], guess: list[int]) -> None:
    matrix.update(np.array(truth, np.uint8), np.array(guess, np.uint8))


@pytest.fixture
def matrix() -> ConfusionMatrix:
    matrix = ConfusionMatrix(2)
    matrix.update(TRUTH, GUESS)
    return matrix


def test_pixels_are_counted_by_truth_and_prediction(matrix: ConfusionMatrix) -> None:
    assert matrix.counts.tolist() == [[1, 2, 0, 1], [0, 2, 1, 1], [0, 1, 1, 0]]


def test_an_uncertain_prediction_is_a_miss_and_nobodys_false_positive(matrix: ConfusionMatrix) -> None:
    assert matrix.true_positive.tolist() == [1, 2, 1]
    assert matrix.false_positive.tolist() == [0, 3, 1]
    assert matrix.false_negative.tolist() == [3, 2, 1]


def test_scores_worked_out_by_hand(matrix: ConfusionMatrix) -> None:
    scores = matrix.scores()
    assert scores.iou.tolist() == pytest.approx([1 / 4, 2 / 7, 1 / 3])
    assert scores.precision.tolist() == pytest.approx([1, 2 / 5, 1 / 2])
    assert scores.recall.tolist() == pytest.approx([1 / 4, 1 / 2, 1 / 2])
    assert scores.confusion_ratio.tolist() == pytest.approx([0, 3 / 2, 1])
    assert scores.miou == pytest.approx((1 / 4 + 2 / 7 + 1 / 3) / 3)
    assert scores.mean_precision == pytest.approx(1.9 / 3)
    assert scores.mean_recall == pytest.approx(1.25 / 3)
    assert scores.mean_confusion_ratio == pytest.approx(1.25)
    assert scores.infinite == scores.undefined == ()


def test_a_class_the_truth_never_shows_is_in_no_mean() -> None:
    matrix = ConfusionMatrix(3)
    _update(matrix, [0, 1, 1, 0], [0, 1, 2, 2])  # 2 only guessed, 3 nowhere
    scores = matrix.scores()
    assert scores.occurs.tolist() == [True, True, False, False]
    assert scores.iou[2] == 0
    assert math.isnan(scores.iou[3])
    assert scores.miou == pytest.approx(0.5)
    assert scores.infinite == (2,)
    assert scores.undefined == (3,)
    assert scores.mean_confusion_ratio == 0


def test_a_class_never_predicted_has_no_precision_and_zero_recall() -> None:
    matrix = ConfusionMatrix(1)
    _update(matrix, [0, 1], [0, 0])
    scores = matrix.scores()
    assert math.isnan(scores.precision[1])
    assert scores.recall[1] == 0
    assert scores.mean_precision == pytest.approx(0.5)
    assert scores.miou == pytest.approx(0.25)


def test_an_empty_matrix_defines_no_score() -> None:
    scores = ConfusionMatrix(2).scores()
    assert math.isnan(scores.miou)
    assert math.isnan(scores.mean_confusion_ratio)
    assert scores.undefined == (1, 2)


def test_what_is_no_class_or_of_another_shape_is_refused() -> None:
    matrix = ConfusionMatrix(2)
    with pytest.raises(ValueError, match=r"neither 0\.\.2 nor 255"):
        _update(matrix, [0, 1], [0, 3])
    with pytest.raises(ValueError, match=r"neither 0\.\.2 nor 255"):
        _update(matrix, [0, 3], [0, 1])
    with pytest.raises(ValueError, match="differ in shape"):
        matrix.update(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
    with pytest.raises(ValueError, match="masks are uint8, not uint8 and int64"):
        matrix.update(TRUTH, GUESS.astype(np.int64))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="cannot merge 3 classes into 2"):
        matrix.merge(ConfusionMatrix(3))
    assert matrix.counts.sum() == 0


pixels = st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 3, 255])] * 2), min_size=1, max_size=60)


def _counted(pairs: list[tuple[int, int]]) -> ConfusionMatrix:
    matrix = ConfusionMatrix(3)
    truth, guess = np.array(pairs, np.uint8).reshape(-1, 2).T
    matrix.update(truth, guess)
    return matrix


@given(pixels, pixels)
def test_merging_is_counting_at_once_and_minus_undoes_it(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    both, part = _counted(first + second), _counted(first)
    assert np.array_equal(both.minus(part).counts, _counted(second).counts)
    part.merge(_counted(second))
    assert np.array_equal(part.counts, both.counts)


@given(pixels, st.permutations([1, 2, 3]))
def test_relabelling_the_classes_permutes_the_scores(pairs: list[tuple[int, int]], order: list[int]) -> None:
    new_id = {0: 0, 255: 255, **dict(zip([1, 2, 3], order, strict=True))}
    before = _counted(pairs).scores()
    after = _counted([(new_id[truth], new_id[guess]) for truth, guess in pairs]).scores()
    place = [0, *order]
    for name in ("iou", "precision", "recall", "confusion_ratio"):
        assert np.array_equal(getattr(after, name)[place], getattr(before, name), equal_nan=True)
    assert after.miou == pytest.approx(before.miou, nan_ok=True)
    assert after.mean_confusion_ratio == pytest.approx(before.mean_confusion_ratio, nan_ok=True)


@given(pixels)
def test_a_naive_count_agrees(pairs: list[tuple[int, int]]) -> None:
    scores = _counted(pairs).scores()
    seen = [(truth, guess) for truth, guess in pairs if truth != 255]
    for class_id in range(4):
        hit = sum(truth == guess == class_id for truth, guess in seen)
        union = sum(class_id in pair for pair in seen)
        assert scores.iou[class_id] == pytest.approx(hit / union if union else math.nan, nan_ok=True)
