import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seco.data.cooccurrence import count_pairs, lift
from seco.scores.confusion import ConfusionMatrix
from seco.scores.cooccurrence import ContextCost, context_costs, pair_confusion

LABELS = [(1, 2), (1, 2), (1,), (3,)]


def _matrix(counts: list[list[int]]) -> ConfusionMatrix:
    matrix = ConfusionMatrix(len(counts) - 1)
    matrix.counts += np.array(counts)
    return matrix


def test_pairs_are_counted_by_image() -> None:
    pairs = count_pairs(LABELS, num_classes=4)
    assert pairs.tolist() == [
        [0, 0, 0, 0, 0],
        [0, 3, 2, 0, 0],
        [0, 2, 2, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_lift_worked_out_by_hand() -> None:
    result = lift(count_pairs(LABELS, num_classes=4), num_images=4)
    assert result[1, 2] == result[2, 1] == pytest.approx(4 * 2 / (3 * 2))
    assert result[1, 3] == 0
    assert np.isnan(result[[1, 4, 0], [1, 1, 1]]).all()


def test_independent_classes_have_lift_one() -> None:
    labels = [(1, 2), (1,), (2,), ()]
    assert lift(count_pairs(labels, num_classes=2), num_images=4)[1, 2] == 1


@given(st.lists(st.sets(st.integers(1, 4)), min_size=1, max_size=20))
def test_counts_are_symmetric_and_no_pair_outnumbers_its_classes(labels: list[set[int]]) -> None:
    pairs = count_pairs([tuple(ids) for ids in labels], num_classes=4)
    assert np.array_equal(pairs, pairs.T)
    assert (pairs <= np.diagonal(pairs)[:, None]).all()


def test_pair_confusion_splits_the_confusion_ratio() -> None:
    # truth in rows (background, 1, 2); predictions in columns (background, 1, 2, uncertain)
    matrix = _matrix([[50, 4, 0, 1], [5, 20, 0, 2], [0, 6, 0, 3]])
    result = pair_confusion(matrix)
    assert result[1, 0] == pytest.approx(4 / 20)
    assert result[1, 2] == pytest.approx(6 / 20)
    assert np.nansum(result[1]) == pytest.approx(matrix.scores().confusion_ratio[1])
    assert np.isnan(result[2]).all()


def test_pair_confusion_is_infinite_without_true_positives() -> None:
    assert pair_confusion(_matrix([[9, 3, 0], [0, 0, 0]]))[1, 0] == np.inf


def test_a_context_is_compared_with_its_absence() -> None:
    # Class 1 is predicted on 8 background pixels with the context and on 1 without it.
    inside = _matrix([[10, 8, 0, 0], [0, 4, 0, 0], [0, 0, 2, 0]])
    whole = _matrix([[40, 9, 0, 0], [0, 14, 0, 0], [0, 0, 2, 0]])
    costs = context_costs(whole, {"rails": inside}, class_names=("train", "dog"))
    # dog: no pixel of it without the context, so nothing to compare
    assert costs == [ContextCost("rails", 1, with_context=2.0, without_context=0.1)]


def test_a_context_that_is_the_class_itself_is_left_out() -> None:
    inside = _matrix([[10, 8, 1, 0], [0, 4, 0, 0], [0, 0, 2, 0]])
    whole = _matrix([[40, 9, 2, 0], [0, 14, 0, 0], [0, 0, 4, 0]])
    costs = context_costs(whole, {"dog": inside}, class_names=("train", "dog"))
    assert [cost.class_id for cost in costs] == [1]
