"""Whether a class is seen where the classes that come with it are: shares of pixels, with intervals over images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.stats import rankdata

from seco.scores.bootstrap import Interval, correlation_interval, draws, with_interval
from seco.scores.confusion import Counts, Values
from seco.scores.image_counts import ImageCounts
from seco.storage.label_map import BACKGROUND

_LEAST = 0.01  # share of the false pixels of a class that is worth an interval

SHARES = {
    "on_other": "of the pixels of B, in images with both, those called A",
    "on_background": "of the background pixels of images with both, those called A",
    "on_background_alone": "the same in images with A and without B",
    "gap": "the difference of the last two: above 0 where the context that comes with B is taken for A",
    "confusion": "of the pixels of B in all images, those called A",
    "of_false_both": "of A's false pixels, those that show B in images with both",
    "of_false_other_alone": "of A's false pixels, those that show B in images with B and without A",
    "of_false_alone": "of A's false pixels, those in images with A and without B, where they show anything but B",
}
"""The shares of pixels that are measured for an ordered pair of classes (A, B)."""


class PairConfusions(NamedTuple):
    """How pixels are taken for class A in images with and without another class B, for all P = K·(K - 1) pairs."""

    class_ids: npt.NDArray[np.int64]
    """A of each pair, ``[P]``."""
    others: npt.NDArray[np.int64]
    """B of each pair, ``[P]``."""
    images_both: Counts
    """Images whose truth shows A and B, ``[P]``."""
    images_alone: Counts
    """Images whose truth shows A and not B, ``[P]``."""
    images_other_alone: Counts
    """Images whose truth shows B and not A, ``[P]``."""
    is_met: npt.NDArray[np.bool_]
    """Whether the truth of an image shows A and B, or at least 1 % of A's false pixels show B, ``[P]``."""
    shares: Mapping[str, Values]
    """For each name in ``SHARES``: the value and both ends of its 95 % interval, ``[3, P]``; NaN without pixels, and
    the ends also of pairs that are not met: most of many classes never are."""
    correlations: Mapping[str, Interval]
    """Spearman's rank correlation of each ``related`` value with the share ``confusion``, over the pairs."""


def pair_confusions(counts: ImageCounts, *, related: Mapping[str, Values]) -> PairConfusions:
    """Compare the images with both classes, with A alone and with B alone, for every ordered pair (A, B).

    Intervals are of a bootstrap that draws the images anew, all pairs from the same draws.

    Args:
        counts: the counts of each image.
        related: ``[K+1, K+1]`` each, of pairs of classes, such as their lift: is what has more of it confused more?
    """
    sums = _PairSums(counts)
    shown = sums.shown.astype(np.int64)
    both = (shown.T @ shown)[sums.class_ids, sums.others]
    single = shown.sum(axis=0)
    wanted = {name: values[sums.class_ids, sums.others] for name, values in related.items()}
    found = {name: np.full((3, len(both)), np.nan) for name in SHARES}
    for name, (values,) in sums.shares(np.ones((1, len(counts)), dtype=np.int64)).items():
        found[name][0] = values
    is_met = (both > 0) | (found["of_false_both"][0] + found["of_false_other_alone"][0] >= _LEAST)
    drawn: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in SHARES}
    ranked: dict[str, list[Values]] = {name: [] for name in related}
    for weights in draws(len(counts)):
        shares = sums.shares(weights)
        for name, values in shares.items():
            drawn[name].append(values[:, is_met].astype(np.float32))  # half the memory of many pairs
        for name, values in wanted.items():
            ranked[name].append(_rank_correlations(values, shares["confusion"]))
    for name, parts in drawn.items():
        found[name][:, is_met] = with_interval(found[name][0, is_met], np.concatenate(parts)[1:])
    return PairConfusions(
        sums.class_ids,
        sums.others,
        both,
        single[sums.class_ids] - both,
        single[sums.others] - both,
        is_met,
        found,
        {name: correlation_interval(np.concatenate(parts)) for name, parts in ranked.items()},
    )


class _PairSums:
    """The pixels of each image that the shares of pairs divide, as sparse matrices ``[N, P]`` and ``[N, K+1]``."""

    def __init__(self, counts: ImageCounts) -> None:
        size = counts.num_classes + 1
        pairs = [(a, b) for a in range(1, size) for b in range(1, size) if a != b]
        self.class_ids, self.others = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        image, truth, prediction, pixels = (column.astype(np.int64) for column in counts.cells())
        rows = np.zeros((len(counts), size), dtype=np.int64)  # pixels of each true class
        np.add.at(rows, (image, truth), pixels)
        self.shown = rows > 0
        self.shown[:, BACKGROUND] = False
        # Pixels of each image called a class: of the background, and of any other truth.
        false = (prediction > BACKGROUND) & (prediction < size) & (prediction != truth)
        self._false = _sums(image[false], prediction[false], pixels[false], (len(counts), size))
        ground = false & (truth == BACKGROUND)
        self._on_background = _sums(image[ground], prediction[ground], pixels[ground], (len(counts), size))
        self._rows = csr_array(rows)
        taken = false & (truth != BACKGROUND)
        place = prediction[taken] * size + truth[taken]
        shape = (len(counts), size * size)
        self._columns = self.class_ids * size + self.others
        self._taken = _sums(image[taken], place, pixels[taken], shape)
        seen = self.shown[image[taken], prediction[taken]]
        self._taken_both = _sums(image[taken][seen], place[seen], pixels[taken][seen], shape)
        meets_image, meets_class, meets_other = _meetings(self.shown)
        meets = meets_class * size + meets_other

        def in_both(values: Counts) -> csr_array:
            return _sums(meets_image, meets, values, shape)

        background = self._on_background.toarray()
        self._other_both = in_both(rows[meets_image, meets_other])
        self._background_both = in_both(rows[meets_image, BACKGROUND])
        self._wrong_both = in_both(background[meets_image, meets_class])
        self._false_both = in_both(self._false.toarray()[meets_image, meets_class])
        self._background_shown = csr_array(rows[:, [BACKGROUND]] * self.shown)
        self._wrong_shown = csr_array(background * self.shown)
        self._false_shown = csr_array(self._false.toarray() * self.shown)

    def shares(self, weights: Counts) -> dict[str, Values]:
        """Return the shares ``[n, P]`` by name, each image counted as often as its weight ``[n, N]`` says."""

        def of_pairs(matrix: csr_array) -> Values:
            return np.asarray(weights @ matrix)[:, self._columns]

        def of_class(matrix: csr_array) -> Values:
            return np.asarray(weights @ matrix)[:, self.class_ids]

        taken, taken_both = of_pairs(self._taken), of_pairs(self._taken_both)
        background, wrong = of_pairs(self._background_both), of_pairs(self._wrong_both)
        false = of_class(self._false)
        with np.errstate(divide="ignore", invalid="ignore"):
            on_background = wrong / background
            alone = (of_class(self._wrong_shown) - wrong) / (of_class(self._background_shown) - background)
            return {
                "on_other": taken_both / of_pairs(self._other_both),
                "on_background": on_background,
                "on_background_alone": alone,
                "gap": on_background - alone,
                "confusion": taken / np.asarray(weights @ self._rows)[:, self.others],
                "of_false_both": taken_both / false,
                "of_false_other_alone": (taken - taken_both) / false,
                "of_false_alone": (of_class(self._false_shown) - of_pairs(self._false_both)) / false,
            }


def _sums(rows: Counts, columns: Counts, values: Counts, shape: tuple[int, int]) -> csr_array:
    return csr_array((values.astype(np.float64), (rows, columns)), shape=shape)


def _meetings(shown: npt.NDArray[np.bool_]) -> tuple[Counts, Counts, Counts]:
    """Return image, class and other of each meeting of two classes in an image, in both directions."""
    found = [
        np.stack([np.full(ids.size**2, image), np.repeat(ids, ids.size), np.tile(ids, ids.size)])
        for image, ids in enumerate(map(np.flatnonzero, shown))
        if ids.size > 1
    ]
    image, first, other = np.concatenate([np.zeros((3, 0), dtype=np.int64), *found], axis=1)
    apart = first != other
    return image[apart], first[apart], other[apart]


def _rank_correlations(values: Values, confusion: Values) -> Values:
    """Return Spearman's correlation of values ``[P]`` with each row of ``[n, P]``, over the pairs where both are known.

    A pair whose class B is in no image that was drawn is left out of that draw; NaN where either does not vary.
    """
    result = np.full(len(confusion), np.nan)
    known, which = np.unique(np.isfinite(values) & np.isfinite(confusion), axis=0, return_inverse=True)
    for index, pairs in enumerate(known):  # nearly all draws know the same pairs
        if pairs.sum() > 2:
            rows = which.ravel() == index  # NumPy 2.0 keeps an axis more
            ranks = rankdata(np.vstack([values[pairs], confusion[rows][:, pairs]]), axis=1)
            centred = ranks - ranks.mean(axis=1, keepdims=True)
            norms = np.linalg.norm(centred, axis=1)
            with np.errstate(invalid="ignore"):  # 0 / 0 where the values are alike
                result[rows] = centred[1:] @ centred[0] / (norms[1:] * norms[0])
    return result
