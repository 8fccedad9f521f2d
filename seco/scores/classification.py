"""How well the classifier finds the labels of images: average precision and F1 of each class, and their means."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seco.scores.bootstrap import Interval, draws, interval_of
from seco.scores.confusion import Values, ratio

THRESHOLD = 0.5
"""A class is predicted from this probability."""
LABELS = f"""\
The classifier against the labels of images: mean average precision, and F1 where a class is predicted from a
probability of {THRESHOLD:g}; means over the classes that an image of the split shows. Masks that are made from true
labels, as CAM seeds and refined masks are, do not depend on these predictions.
"""
"""What these numbers mean, for readers of a report."""


class LabelScores(NamedTuple):
    """The scores of one split; means run over the classes that an image shows."""

    images: int
    images_of_class: npt.NDArray[np.int64]
    """``[K]``."""
    average_precision: Values
    """``[K]``, NaN for a class that no image shows."""
    f1: Values
    """``[K]`` at ``THRESHOLD``, NaN for a class that no image shows."""
    mean_average_precision: Interval
    mean_f1: Interval


def score_labels(shown: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.floating]) -> LabelScores:
    """Compare the probabilities of classes with the labels of images.

    Args:
        shown: ``[images, K]``, whether an image has the label.
        probabilities: ``[images, K]``.
    """
    count, num_classes = shown.shape
    if not count:
        undefined, nothing = np.full(num_classes, np.nan), Interval(*[float("nan")] * 3)
        return LabelScores(0, np.zeros(num_classes, np.int64), undefined, undefined, nothing, nothing)
    predicted = probabilities >= THRESHOLD
    found = (shown & predicted).astype(np.float32)
    either = shown.astype(np.float32) + predicted
    ranked = [_Ranked(shown[:, index], probabilities[:, index]) for index in range(num_classes)]
    precisions, scores = [], []
    for weights in draws(count):
        wide = weights.astype(np.float32)  # exact: sums are below 2 ** 24
        f1 = ratio(2 * (wide @ found), wide @ either)
        scores.append(np.where(wide @ shown.astype(np.float32) > 0, f1, np.nan))
        tall = np.ascontiguousarray(weights.T, dtype=np.int32)
        precisions.append(np.stack([of_class.average_precision(tall) for of_class in ranked], axis=1))
    precision, f1 = np.concatenate(precisions), np.concatenate(scores)  # [1 + RESAMPLES, K]
    return LabelScores(
        count, shown.sum(axis=0), precision[0], f1[0], interval_of(_means(precision)), interval_of(_means(f1))
    )


class _Ranked:
    """The images of one class, the highest probability first."""

    def __init__(self, shown: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.floating]) -> None:
        self.order = np.argsort(-probabilities, kind="stable")
        sorted_ = probabilities[self.order]
        # Images of one probability are predicted together.
        lasts = np.flatnonzero(np.append(sorted_[1:] != sorted_[:-1], True))
        self.positives = np.flatnonzero(shown[self.order])
        self.ends = lasts[np.searchsorted(lasts, self.positives)]  # of the ties of each positive

    def average_precision(self, weights: npt.NDArray[np.int32]) -> Values:
        """Return the average precision ``[R]`` of images, each counted as often as ``weights`` ``[images, R]`` says."""
        ranked = weights[self.order]
        positives = ranked[self.positives]  # [P, R]
        above = ranked.cumsum(axis=0, dtype=np.int32)[self.ends]
        # Positives up to the last of a tie are those up to the last positive in it.
        last = np.searchsorted(self.ends, self.ends, side="right") - 1
        right = positives.cumsum(axis=0)[last]
        precision = np.divide(right, above, out=np.zeros(right.shape), where=above > 0)
        return ratio((positives * precision).sum(axis=0), positives.sum(axis=0))


def _means(values: Values) -> Values:
    """Return the mean of each row over the classes that are defined there; NaN without one."""
    defined = np.isfinite(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=1), defined.sum(axis=1))
