import math

import numpy as np
import pytest
import sklearn.metrics as sklearn
import torch
import torchmetrics.functional.classification as torchmetrics
from hypothesis import given
from hypothesis import strategies as st

from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import CONFUSION_RATIO, METRICS, MIOU, PRECISION, RECALL, TOTALS

# Two foreground classes and twelve pixels, two of which the truth ignores.
TRUTH = [0, 0, 0, 1, 1, 1, 1, 2, 2, 255, 255, 0]
GUESS = [0, 1, 1, 1, 1, 2, 255, 2, 1, 1, 2, 255]


def counted(truth: list[int], guess: list[int], *, num_classes: int) -> ConfusionMatrix:
    matrix = ConfusionMatrix(num_classes)
    matrix.update(np.array(truth, np.uint8), np.array(guess, np.uint8))
    return matrix


def test_pixels_are_counted_by_truth_and_prediction() -> None:
    matrix = counted(TRUTH, GUESS, num_classes=2)
    assert matrix.counts.tolist() == [[1, 2, 0, 1], [0, 2, 1, 1], [0, 1, 1, 0]]
    assert matrix.true_positive().tolist() == [1, 2, 1]
    # An uncertain prediction is a miss, but no class's false positive.
    assert matrix.false_positive().tolist() == [0, 3, 1]


@pytest.mark.parametrize("count", [1, 5, 12, 100])
def test_the_counts_do_not_depend_on_how_many_pixels_are_counted_at_once(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = counted(TRUTH, GUESS, num_classes=2).counts
    monkeypatch.setattr("seco.scores.confusion._COUNTED_AT_ONCE", count)
    assert np.array_equal(counted(TRUTH, GUESS, num_classes=2).counts, expected)


def test_scores_worked_out_by_hand() -> None:
    matrix = counted(TRUTH, GUESS, num_classes=2)
    assert matrix.iou().tolist() == pytest.approx([1 / 4, 2 / 7, 1 / 3])
    assert matrix.precision().tolist() == pytest.approx([1, 2 / 5, 1 / 2])
    assert matrix.recall().tolist() == pytest.approx([1 / 4, 1 / 2, 1 / 2])
    assert matrix.confusion_ratio().tolist() == pytest.approx([0, 3 / 2, 1])
    assert matrix.f1().tolist() == pytest.approx([2 / 5, 4 / 9, 1 / 2])
    assert matrix.false_positive_rate().tolist() == pytest.approx([0, 3 / 6, 1 / 8])
    assert matrix.false_negative_rate().tolist() == pytest.approx([3 / 4, 1 / 2, 1 / 2])
    means = {name: score.mean(matrix) for name, score in (METRICS | TOTALS).items()}
    assert means == pytest.approx(
        {
            "miou": (1 / 4 + 2 / 7 + 1 / 3) / 3,
            "precision": 1.9 / 3,
            "recall": 1.25 / 3,
            "f1": (2 / 5 + 4 / 9 + 1 / 2) / 3,
            "boundary_f": math.nan,  # no outline was compared
            "confusion_ratio": (3 / 2 + 1) / 2,
            "confusion_ratio_with_background": (0 + 3 / 2 + 1) / 3,
            "false_positive_rate": (0 + 3 / 6 + 1 / 8) / 3,
            "false_negative_rate": (3 / 4 + 1 / 2 + 1 / 2) / 3,
            "pixel_accuracy": 4 / 10,
            "coverage": 8 / 10,
            "foreground": 7 / 10,
        },
        nan_ok=True,
    )


def test_stacked_matrices_are_scored_as_each_alone() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 4, (5, 4, 5)) * (rng.random((5, 4, 1)) < 0.7)
    boundaries = rng.integers(0, 2, (5, 2, 4)).astype(float)
    stack = ConfusionMatrix.stacked(counts, boundaries)
    for score in (METRICS | TOTALS).values():
        alone = [score.mean(ConfusionMatrix.stacked(*parts)) for parts in zip(counts, boundaries, strict=True)]
        assert score.means(stack).tolist() == pytest.approx(alone, nan_ok=True)


def test_boundary_scores_are_averaged_over_the_images_that_have_one() -> None:
    whole = ConfusionMatrix(2)
    for scores in ([1.0, 0.5, math.nan], [0.5, math.nan, math.nan]):
        part = counted([0, 1], [0, 1], num_classes=2)
        part.update_boundaries(np.array(scores))
        whole.merge(part)
    assert whole.boundary_f().tolist() == pytest.approx([0.75, 0.5, math.nan], nan_ok=True)
    assert METRICS["boundary_f"].mean(whole) == 0.625
    assert whole.minus(part).boundary_f().tolist() == pytest.approx([1, 0.5, math.nan], nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_torchmetrics_finds_the_same_means(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, guess = (rng.permutation(np.r_[rng.integers(0, 6, 300), range(6)]) for _ in range(2))
    matrix = counted(truth.tolist(), guess.tolist(), num_classes=5)
    pair, options = (torch.from_numpy(guess), torch.from_numpy(truth)), {"num_classes": 6, "average": "macro"}
    for name, theirs in (
        ("miou", torchmetrics.multiclass_jaccard_index),
        ("precision", torchmetrics.multiclass_precision),
        ("recall", torchmetrics.multiclass_recall),
        ("f1", torchmetrics.multiclass_f1_score),
    ):
        assert METRICS[name].mean(matrix) == pytest.approx(float(theirs(*pair, **options)), abs=1e-6)
    specificity = torchmetrics.multiclass_specificity(*pair, **options)
    assert METRICS["false_positive_rate"].mean(matrix) == pytest.approx(1 - float(specificity), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_scikit_learn_finds_the_same_scores(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, guess = rng.choice([0, 1, 2, 3, 5, 255], 400).astype(np.uint8), rng.integers(0, 5, 400).astype(np.uint8)
    matrix = counted(truth.tolist(), guess.tolist(), num_classes=5)
    known = truth != 255
    pair = truth[known], guess[known]
    options = {"labels": range(6), "average": None, "zero_division": np.nan}
    for ours, theirs in (
        (matrix.precision(), sklearn.precision_score(*pair, **options)),
        (matrix.recall(), sklearn.recall_score(*pair, **options)),
        (matrix.f1(), sklearn.f1_score(*pair, **options)),
        (matrix.iou(), sklearn.jaccard_score(*pair, **options | {"zero_division": 0.0})),
    ):
        assert ours == pytest.approx(theirs, nan_ok=True)
    assert np.array_equal(matrix.counts[:, :-1], sklearn.confusion_matrix(*pair, labels=range(6)))
    assert matrix.pixel_accuracy() == pytest.approx(sklearn.accuracy_score(*pair))


def test_a_class_that_the_truth_never_shows_is_in_no_mean() -> None:
    matrix = counted([0, 1, 1, 0], [0, 1, 2, 2], num_classes=3)  # 2 only predicted, 3 nowhere
    assert matrix.occurs().tolist() == [True, True, False, False]
    assert matrix.iou()[2] == 0
    assert math.isnan(matrix.iou()[3])
    assert matrix.confusion_ratio()[2] == math.inf
    assert math.isnan(matrix.confusion_ratio()[3])
    assert MIOU.mean(matrix) == pytest.approx(0.5)
    assert CONFUSION_RATIO.mean(matrix) == 0


def test_a_class_never_predicted_has_no_precision_and_zero_recall() -> None:
    matrix = counted([0, 1], [0, 0], num_classes=1)
    assert math.isnan(matrix.precision()[1])
    assert matrix.recall()[1] == 0
    assert (PRECISION.mean(matrix), RECALL.mean(matrix)) == pytest.approx((0.5, 0.5))
    assert MIOU.mean(matrix) == pytest.approx(0.25)


def test_pair_confusion_splits_the_confusion_ratio() -> None:
    matrix = ConfusionMatrix(2)
    matrix.counts += np.array([[50, 4, 0, 1], [5, 20, 0, 2], [0, 6, 0, 3]])
    result = matrix.pair_confusion_ratio()
    assert result[1, 0] == pytest.approx(4 / 20)
    assert result[1, 2] == pytest.approx(6 / 20)
    assert np.nansum(result[1]) == pytest.approx(matrix.confusion_ratio()[1])
    assert np.isnan(result[2]).all(), "never predicted"


def test_pair_confusion_is_infinite_without_true_positives() -> None:
    matrix = counted([0, 0, 0], [1, 1, 0], num_classes=1)
    assert matrix.pair_confusion_ratio()[1, 0] == math.inf


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_an_empty_matrix_defines_no_score(metric) -> None:
    assert math.isnan(metric.mean(ConfusionMatrix(2)))


@pytest.mark.parametrize(
    ("truth", "prediction", "fault"),
    [
        (np.array([0, 1], np.uint8), np.array([0, 3], np.uint8), r"neither 0\.\.2 nor 255"),
        (np.array([0, 3], np.uint8), np.array([0, 1], np.uint8), r"neither 0\.\.2 nor 255"),
        (np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), "differ in shape"),
        (np.zeros(3, np.uint8), np.zeros(3, np.int64), "masks are uint8, not uint8 and int64"),
    ],
)
def test_masks_with_unknown_values_or_of_another_shape_are_refused(truth, prediction, fault: str) -> None:
    matrix = ConfusionMatrix(2)
    with pytest.raises(ValueError, match=fault):
        matrix.update(truth, prediction)
    assert matrix.counts.sum() == 0


def test_a_matrix_of_other_classes_is_not_merged() -> None:
    with pytest.raises(ValueError, match="cannot merge 3 classes into 2"):
        ConfusionMatrix(2).merge(ConfusionMatrix(3))


pixels = st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 3, 255])] * 2), min_size=1, max_size=60)


def _counted(pairs: list[tuple[int, int]]) -> ConfusionMatrix:
    return counted([truth for truth, _ in pairs], [guess for _, guess in pairs], num_classes=3)


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
    before, after = _counted(pairs), _counted([(new_id[truth], new_id[guess]) for truth, guess in pairs])
    for metric in METRICS.values():
        assert np.array_equal(metric.of_classes(after)[[0, *order]], metric.of_classes(before), equal_nan=True)
        assert metric.mean(after) == pytest.approx(metric.mean(before), nan_ok=True)


@given(pixels)
def test_a_naive_count_agrees(pairs: list[tuple[int, int]]) -> None:
    iou = _counted(pairs).iou()
    seen = [(truth, guess) for truth, guess in pairs if truth != 255]
    for class_id in range(4):
        hit = sum(truth == guess == class_id for truth, guess in seen)
        union = sum(class_id in pair for pair in seen)
        assert iou[class_id] == pytest.approx(hit / union if union else math.nan, nan_ok=True)
