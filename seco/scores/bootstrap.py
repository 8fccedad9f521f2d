"""Intervals by a bootstrap over images (and seeds), of one run and of the difference of two over the same images.

B. Efron, R. Tibshirani: "An Introduction to the Bootstrap", 1993; the interval is the one of percentiles.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seco.errors import SecoError
from seco.scores.confusion import ConfusionMatrix, Counts, Values
from seco.scores.image_counts import ImageCounts

RESAMPLES = 1000
_AT_ONCE = 100  # resamples: a weight for each image and a matrix for each are in memory together
_SEED = 0
_TINY = 1e-9
_LEVEL = (2.5, 97.5)  # percentiles


class Score(Protocol):
    """What an interval is for: a row of ``METRICS`` or ``TOTALS``."""

    @property
    def name(self) -> str:
        """Its key in metrics.json."""
        ...

    def means(self, confusion: ConfusionMatrix) -> Values:
        """Return the score of each of stacked matrices."""
        ...


class Interval(NamedTuple):
    """A value with its 95 % interval; NaN where it is not defined."""

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the whole interval is on one side of 0."""
        return self.low > 0 or self.high < 0


def bootstrap(counts: ImageCounts, score: Score) -> Interval:
    """Return a score over all images, with its interval."""
    return bootstraps([counts], [score])[score.name]


def bootstraps(seeds: Sequence[ImageCounts], scores: Iterable[Score]) -> dict[str, Interval]:
    """Return several scores, by name, from the same resamples; of several seeds their means over seeds and images.

    Args:
        seeds: the counts of a run or, of a training that was repeated, those of each seed.
        scores: what is asked for.

    Raises:
        SecoError: as ``paired_differences``.
    """
    wanted = list(scores)
    found = _over_seeds(_resampled(seeds, wanted))
    return {score.name: interval_of(values) for score, values in zip(wanted, found, strict=True)}


def paired_difference(first: ImageCounts, second: ImageCounts, score: Score) -> Interval:
    """Return how much higher a score is in the second run; every resample draws the same images of both."""
    return paired_differences([first], [second], [score])[score.name]


def paired_differences(
    first: Sequence[ImageCounts], second: Sequence[ImageCounts], scores: Iterable[Score]
) -> dict[str, Interval]:
    """Return how much higher several scores are in the second run, by name; each run may be of several seeds.

    Every resample draws the same images and the same seeds of both.

    Raises:
        SecoError: the runs are not over the same images, their true masks or classes differ, or one has more seeds.
    """
    if len(first) != len(second):
        raise SecoError(f"one run has {len(first)} seeds and the other {len(second)}: name as many of both")
    wanted = list(scores)
    found = _resampled([*first, *second], wanted)
    differences = _over_seeds(found[:, len(first) :] - found[:, : len(first)])
    return {score.name: interval_of(values) for score, values in zip(wanted, differences, strict=True)}


def interval_of(values: Values) -> Interval:
    """Return the interval of ``[1 + RESAMPLES]`` values, the first of which is that of the images themselves."""
    return Interval(*map(float, with_interval(values[0], values[1:])))


def correlation_interval(values: Values) -> Interval:
    """Return the interval of a correlation, ``[1 + RESAMPLES]`` values as of ``interval_of``, corrected for its bias.

    A resample has fewer different images, which weakens a correlation: without the correction, the interval may leave
    out the value itself. The bias is the mean distance of the resamples from it on Fisher's scale, where ±1 is far off.
    """
    on_scale = np.arctanh(np.clip(values, -1 + _TINY, 1 - _TINY))
    known = on_scale[1:][np.isfinite(on_scale[1:])]
    bias = known.mean() - on_scale[0] if len(known) else 0.0
    return Interval(float(values[0]), *map(float, np.tanh(np.array(interval_of(on_scale)[1:]) - bias)))


def with_interval(value: Values | np.float64, resampled: npt.NDArray[np.floating]) -> Values:
    """Return values ``[...]`` and the ends of their 95 % intervals ``[3, ...]``, from resamples ``[R, ...]``.

    Resamples in which a value is not defined are left out; a value that is not finite has no interval.
    """
    finite = np.isfinite(resampled)
    known = finite.sum(axis=0)
    # NaN comes last; np.nanquantile takes a minute for the pairs of COCO's classes.
    ordered = np.sort(np.where(finite, resampled, np.nan), axis=0)
    found = [np.asarray(value, dtype=np.float64)]
    for level in _LEVEL:
        place = level / 100 * np.maximum(known - 1, 0)
        below = np.floor(place).astype(np.int64)
        low, high = (
            np.take_along_axis(ordered, index[None], axis=0)[0].astype(np.float64)
            if len(ordered)
            else np.full(known.shape, np.nan)
            for index in (below, np.ceil(place).astype(np.int64))
        )
        found.append(np.where(np.isfinite(value), low + (place - below) * (high - low), np.nan))
    return np.stack(found)


def draws(count: int) -> Iterator[Counts]:
    """Yield how often each of ``count`` images is drawn, ``[R, count]``: once each, then in each resample."""
    yield np.ones((1, count), dtype=np.int64)
    if not count:
        return
    rng = np.random.default_rng(_SEED)
    for start in range(0, RESAMPLES, _AT_ONCE):
        rows = min(_AT_ONCE, RESAMPLES - start)
        drawn = rng.integers(count, size=(rows, count)) + count * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)


def _resampled(runs: Sequence[ImageCounts], scores: list[Score]) -> Values:
    """Return each score of each run over the same resamples of images, ``[scores, runs, 1 + RESAMPLES]``."""
    for run in runs[1:]:
        _require_same_images(runs[0], run)
    if not len(runs[0]):
        return np.full((len(scores), len(runs), 1 + RESAMPLES), np.nan)
    sums = [_Sums(counts, runs[0].ids) for counts in runs]
    parts = []
    for weights in draws(len(runs[0])):
        matrices = [run.weighted(weights) for run in sums]
        parts.append(np.array([[score.means(matrix) for matrix in matrices] for score in scores]))
    return np.concatenate(parts, axis=-1)


def _over_seeds(values: Values) -> Values:
    """Return the means over seeds of values ``[scores, seeds, 1 + RESAMPLES]``; every resample draws its seeds, too."""
    count = values.shape[1]
    drawn = np.random.default_rng(_SEED).integers(count, size=(count, values.shape[2]))
    drawn[:, 0] = np.arange(count)  # the first column is of the seeds and images themselves
    return np.take_along_axis(values, drawn[None], axis=1).mean(axis=1)


class _Sums:
    """The counts of a run as a sparse matrix with an image a row, in the order of the ids."""

    def __init__(self, counts: ImageCounts, ids: list[str]) -> None:
        self.size = counts.num_classes + 1
        cells, outlines = counts.cells(), counts.outlines()
        place = {image_id: row for row, image_id in enumerate(ids)}
        rows = np.array([place[image_id] for image_id in counts.ids])
        area = self.size * (self.size + 1)
        columns = (
            cells.truth.astype(np.int64) * (self.size + 1) + cells.prediction,
            area + outlines.class_id.astype(np.int64),
            area + self.size + outlines.class_id.astype(np.int64),
        )
        values = (cells.pixels, outlines.score, np.ones(len(outlines.score)))
        places = rows[np.concatenate([cells.image, outlines.image, outlines.image])], np.concatenate(columns)
        shape = (len(ids), area + 2 * self.size)
        matrix = sparse.csr_array((np.concatenate(values).astype(np.float64), places), shape=shape)
        self.transposed = matrix.T.tocsr()

    def weighted(self, weights: Counts) -> ConfusionMatrix:
        """Return the sums over images, each taken as often as ``weights`` ``[R, images]`` says, as stacked matrices."""
        area = self.size * (self.size + 1)
        sums = (self.transposed @ weights.T.astype(np.float64)).T  # counts are exact below 2 ** 53
        counts = sums[:, :area].astype(np.int64).reshape(-1, self.size, self.size + 1)
        return ConfusionMatrix.stacked(counts, sums[:, area:].reshape(-1, 2, self.size))


def _require_same_images(first: ImageCounts, second: ImageCounts) -> None:
    if first.num_classes != second.num_classes:
        raise SecoError(
            f"one run has {first.num_classes} classes and the other {second.num_classes}: compare runs on the same data"
        )
    if first.data and second.data and first.data != second.data:
        raise SecoError(
            f"the runs were scored on different data (fingerprints {first.data} and {second.data}): evaluate both on "
            "the same data with `seco evaluate`"
        )
    apart = sorted(set(first.ids) ^ set(second.ids))
    if apart:
        raise SecoError(
            f"{len(apart)} images were scored in one run only, such as {apart[0]}: evaluate both on the same images"
        )
