import numpy as np
import pytest

from seco.scores.confusion import ConfusionMatrix
from seco.scores.cooccurrence import ContextCost, context_costs, pair_confusion

# truth in rows (background, 1, 2); predictions in columns (background, 1, 2, uncertain)


def matrix(*counts: list[int]) -> ConfusionMatrix:
    made = ConfusionMatrix(len(counts) - 1)
    made.counts += np.array(counts)
    return made


def test_pair_confusion_splits_the_confusion_ratio() -> None:
    confusion = matrix([50, 4, 0, 1], [5, 20, 0, 2], [0, 6, 0, 3])
    result = pair_confusion(confusion)
    assert result[1, 0] == pytest.approx(4 / 20)
    assert result[1, 2] == pytest.approx(6 / 20)
    assert np.nansum(result[1]) == pytest.approx(confusion.confusion_ratio()[1])
    assert np.isnan(result[2]).all()


def test_pair_confusion_is_infinite_without_true_positives() -> None:
    assert pair_confusion(matrix([9, 3, 0], [0, 0, 0]))[1, 0] == np.inf


def test_a_context_is_compared_with_its_absence() -> None:
    # Class 1 is predicted on 8 background pixels with the context and on 1 without it.
    inside = matrix([10, 8, 0, 0], [0, 4, 0, 0], [0, 0, 2, 0])
    whole = matrix([40, 9, 0, 0], [0, 14, 0, 0], [0, 0, 2, 0])
    costs = context_costs(whole, {"rails": inside}, class_names=("train", "dog"))
    # dog: none of its pixels is outside the context, so there is nothing to compare
    assert costs == [ContextCost("rails", 1, with_context=2.0, without_context=0.1)]


def test_a_context_that_is_the_class_itself_is_left_out() -> None:
    inside = matrix([10, 8, 1, 0], [0, 4, 0, 0], [0, 0, 2, 0])
    whole = matrix([40, 9, 2, 0], [0, 14, 0, 0], [0, 0, 4, 0])
    costs = context_costs(whole, {"dog": inside}, class_names=("train", "dog"))
    assert [cost.class_id for cost in costs] == [1]
