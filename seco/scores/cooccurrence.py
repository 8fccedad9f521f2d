"""Whether a class is seen where the classes that come with it are: shares of pixels, with intervals over images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seco.scores.confusion import Counts, Values
from seco.storage.label_map import BACKGROUND

RESAMPLES = 1000  # of the bootstrap
_AT_ONCE = 100  # resamples drawn together: a weight for every image of each
_SEED = 0
_LEVEL = (2.5, 97.5)  # percentiles of the interval


class Share(NamedTuple):
    """A share of pixels, or a difference of two, with the 95 % interval of a bootstrap over images."""

    value: float
    """NaN where no pixel was counted."""
    low: float
    high: float


class PairConfusion(NamedTuple):
    """How pixels are taken for class A in images with and without another class B."""

    class_id: int
    """A."""
    other: int
    """B."""
    images_both: int
    """Images whose truth shows A and B."""
    images_alone: int
    """Images whose truth shows A and not B."""
    on_other: Share
    """Of the pixels of B, in images with both, the share called A."""
    on_background: Share
    """Of the background pixels of images with both, the share called A."""
    on_background_alone: Share
    """The same in images with A alone."""
    gap: Share
    """The difference of the last two: above 0 where the context that comes with B is taken for A."""


class ImageCounts:
    """The confusion matrices of single images, without their zeros.

    Args:
        num_classes: K.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self._cells: list[npt.NDArray[np.int64]] = []

    def add(self, counts: Counts) -> None:
        """Add the counts of an image, ``[K+1, K+2]`` as of ``ConfusionMatrix``."""
        truth, prediction = np.nonzero(counts)
        image = np.full_like(truth, len(self._cells))
        self._cells.append(np.stack([image, truth, prediction, counts[truth, prediction]]))

    def __len__(self) -> int:
        return len(self._cells)

    def cells(self) -> Counts:
        """Return the cells that are not 0, ``[4, N]``: image (in the order added), truth, prediction, pixels."""
        return np.concatenate([np.zeros((4, 0), np.int64), *self._cells], axis=1)

    def pair_confusions(self, pairs: Sequence[tuple[int, int]]) -> list[PairConfusion]:
        """Compare the images with both classes (A, B) and with A alone, for each pair of class ids."""
        if not self._cells:
            return []
        image, truth, prediction, pixels = np.concatenate(self._cells, axis=1)
        rows = np.zeros((len(self), self.num_classes + 1), dtype=np.int64)  # pixels of each true class
        np.add.at(rows, (image, truth), pixels)
        rng = np.random.default_rng(_SEED)

        def called(true_class: int, class_id: int) -> Counts:
            """Return, by image, the pixels of a true class that were called another."""
            chosen = (truth == true_class) & (prediction == class_id)
            return np.bincount(image[chosen], weights=pixels[chosen], minlength=len(self)).astype(np.int64)

        found = []
        for class_id, other in pairs:
            both = (rows[:, class_id] > 0) & (rows[:, other] > 0)
            alone = (rows[:, class_id] > 0) & (rows[:, other] == 0)
            wrong_other, wrong_background = called(other, class_id), called(BACKGROUND, class_id)
            on_other = _resampled(wrong_other[both], rows[both, other], rng)
            with_other = _resampled(wrong_background[both], rows[both, BACKGROUND], rng)
            without = _resampled(wrong_background[alone], rows[alone, BACKGROUND], rng)
            shares = (_share(values) for values in (on_other, with_other, without, with_other - without))
            found.append(PairConfusion(class_id, other, int(both.sum()), int(alone.sum()), *shares))
        return found


def _resampled(part: Counts, whole: Counts, rng: np.random.Generator) -> Values:
    """Return Σ part / Σ whole over images, ``[1 + RESAMPLES]``: over these first, then over images drawn from them."""
    values = np.full(1 + RESAMPLES, np.nan)
    if not whole.sum():
        return values
    values[0] = part.sum() / whole.sum()
    sums = np.stack([part, whole], axis=1)
    for start in range(1, len(values), _AT_ONCE):
        weights = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=_AT_ONCE)
        drawn = weights @ sums
        with np.errstate(invalid="ignore"):
            values[start : start + _AT_ONCE] = drawn[:, 0] / drawn[:, 1]
    return values


def _share(values: Values) -> Share:
    if not np.isfinite(values[1:]).any():
        return Share(float(values[0]), float("nan"), float("nan"))
    low, high = np.nanpercentile(values[1:], _LEVEL)
    return Share(float(values[0]), float(low), float(high))
