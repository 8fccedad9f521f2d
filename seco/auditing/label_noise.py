"""Labels of images that a model contradicts, after confident learning.

Confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR
2021) counts a label as wrong where the model is surer of another one than it is, on average, of images labelled with
that. Here every class is a question of its own, present or absent, so there are two thresholds a class:

- missing: an image without the label, whose probability is at least the mean of the images with it;
- wrong: an image with the label, whose probability is at most the mean of the images without it.

How those beyond the thresholds are ranked was chosen on planted noise (docs/auditing-labels.md): missing ones by their
probability; wrong ones by their probability as a share of the mean of images without the label, since the probability
of a rare class is low on all images.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MISSING, WRONG = "missing", "wrong"


class ClassThresholds(NamedTuple):
    """Mean probabilities ``[K]`` of each class; NaN where there is no such image."""

    with_label: NDArray[np.float64]
    without_label: NDArray[np.float64]

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Bool ``[K]``: the classes that the model tells apart, at least a little."""
        return self.with_label > self.without_label  # False for NaN


class Contradiction(NamedTuple):
    """A label that the model contradicts."""

    kind: str
    """`MISSING` or `WRONG`."""
    image: int
    """Index of the image."""
    class_index: int
    """Index of the class, from 0."""
    probability: float
    """Of the class, by the model."""
    score: float
    """0..1, the higher the surer; to be compared within a kind."""


def class_thresholds(shown: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> ClassThresholds:
    """Return the mean probability of each class over the images with its label and over those without it.

    Args:
        shown: ``[N, K]``, whether an image has the label.
        probabilities: ``[N, K]``.
    """
    means = []
    for chosen in (shown, ~shown):
        count = chosen.sum(axis=0)
        total = np.where(chosen, probabilities, 0).sum(axis=0, dtype=np.float64)
        means.append(np.divide(total, count, out=np.full(shown.shape[1], np.nan), where=count > 0))
    return ClassThresholds(*means)


def missing_scores(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how likely it is that a label is missing, ``[N, K]``: the probability."""
    return probabilities.astype(np.float64)


def wrong_scores(probabilities: NDArray[np.floating], thresholds: ClassThresholds) -> NDArray[np.float64]:
    """Return how likely it is that a label is wrong, ``[N, K]``: 1 where the class is ruled out, 0 and below where it
    is likelier than on the mean image without the label."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - probabilities / thresholds.without_label


def contradictions(shown: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> list[Contradiction]:
    """Return the labels that are contradicted: of each kind those with the highest score first, both kinds in turn.

    Args:
        shown: ``[N, K]``, whether an image has the label.
        probabilities: ``[N, K]``.
    """
    thresholds = class_thresholds(shown, probabilities)
    found = []
    for kind, scores, suspected in (
        (MISSING, missing_scores(probabilities), ~shown & (probabilities >= thresholds.with_label)),
        (WRONG, wrong_scores(probabilities, thresholds), shown & (probabilities <= thresholds.without_label)),
    ):
        places = np.argwhere(suspected & thresholds.judged)
        order = np.argsort(-scores[tuple(places.T)], kind="stable")
        rows = [
            Contradiction(kind, image, index, float(probabilities[image, index]), float(scores[image, index]))
            for image, index in places[order].tolist()
        ]
        found.append(list(enumerate(rows)))
    return [item for _, item in sorted((*found[0], *found[1]), key=lambda ranked: ranked[0])]


def counted(found: Sequence[Contradiction], kind: str, *, num_classes: int) -> NDArray[np.int64]:
    """Return how many labels of a kind are contradicted, of each class ``[K]``."""
    return np.bincount([item.class_index for item in found if item.kind == kind], minlength=num_classes)
