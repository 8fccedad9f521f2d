"""The greedy choice with diminishing returns."""

import numpy as np

from seco.review.selection import select

GAINS = np.random.default_rng(0).gamma(0.5, size=(30, 5))
LABELS = [[index % 4 + 1] if index % 3 else [1, index % 4 + 1] for index in range(30)]


def test_without_diversity_the_order_is_that_of_the_gain() -> None:
    assert select(GAINS, LABELS, exponent=1.0) == np.argsort(-GAINS.sum(axis=1), kind="stable").tolist()


def test_the_lazy_choice_is_the_greedy_one() -> None:
    """A choice that looks at every image in every step, on images of one class each."""
    total, order, reached = GAINS.sum(axis=0), [], np.zeros(5)
    left = set(range(30))
    while left:
        worth = {
            index: float((np.sqrt(total) * (np.sqrt(reached + GAINS[index]) - np.sqrt(reached))).sum())
            for index in left
        }
        best = max(sorted(left), key=worth.__getitem__)
        left.remove(best)
        order.append(best)
        reached += GAINS[best]
    assert select(GAINS, [[]] * 30, exponent=0.5) == order


def test_classes_and_pairs_that_were_chosen_count_less() -> None:
    gains = np.array([[0, 1.00, 0], [0, 0.99, 0], [0, 0, 0.9], [0, 0, 0.89]])
    assert select(gains, [[1], [1], [2], [2]], exponent=1.0) == [0, 1, 2, 3]
    assert select(gains, [[1], [1], [2], [2]], exponent=0.5) == [0, 2, 1, 3]
    alike = np.array([[0, 0.5, 0.5, 0]] * 2 + [[0, 0.49, 0, 0.49]])
    assert select(alike, [[1, 2], [1, 2], [1, 3]], exponent=0.5)[:2] == [0, 2]


def test_images_without_gain_come_last_in_their_order() -> None:
    assert select(np.array([[0.0, 0.0], [0.0, 0.1], [0.0, 0.0]]), [[], [1], []]) == [1, 0, 2]
