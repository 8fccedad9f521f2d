"""Whether a segmentation is right as often as it says: the reliability curve and the calibration error.

C. Guo, G. Pleiss, Y. Sun, K. Weinberger: "On Calibration of Modern Neural Networks", ICML 2017.
"""

import numpy as np
import numpy.typing as npt

from seco.scores.bootstrap import Interval, draws, interval_of
from seco.scores.confusion import Counts, Values, ratio
from seco.storage.confidence import LEVELS
from seco.storage.label_map import IGNORE

CENTRES: Values = (np.arange(LEVELS) + 0.5) / LEVELS
"""The confidence that each level stands for; a pixel's own one is at most 1/32 away."""


def count_levels(
    truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8], levels: npt.NDArray[np.uint8]
) -> Counts:
    """Return the pixels of each level, and how many of them have their true class: `[2, LEVELS]`.

    Pixels whose truth is 255 are left out.

    Args:
        truth: class ids `[H, W]`, or 255.
        prediction: class ids.
        levels: as of `read_confidence`.
    """
    # One pass over the pixels: right and wrong ones, those that are ignored beyond.
    kinds = levels + LEVELS * (truth == prediction).astype(np.uint8)
    np.putmask(kinds, truth == IGNORE, 2 * LEVELS)
    wrong, right = np.bincount(kinds.ravel(), minlength=2 * LEVELS)[: 2 * LEVELS].reshape(2, LEVELS)
    return np.stack([wrong + right, right])


class Calibration:
    """The counts of `count_levels`, image by image."""

    def __init__(self) -> None:
        self._images: list[Counts] = []

    def add(self, counts: Counts) -> None:
        """Add the counts `[2, LEVELS]` of an image."""
        self._images.append(counts)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def pixels(self) -> Counts:
        """The pixels of each level, `[LEVELS]`."""
        return self._total()[0]

    def accuracy(self) -> Values:
        """Return the share of each level's pixels that have their true class, `[LEVELS]`; NaN without pixels."""
        pixels, right = self._total()
        return ratio(right, pixels)

    def error(self) -> Interval:
        """Return the expected calibration error with its interval over images.

        It is the difference of accuracy and confidence, averaged over the pixels of all levels.
        """
        if not self._images:
            return Interval(float("nan"), float("nan"), float("nan"))
        images = np.stack(self._images).reshape(len(self), -1).astype(np.float64)
        values = [_errors((weights @ images).reshape(-1, 2, LEVELS)) for weights in draws(len(self))]
        return interval_of(np.concatenate(values))

    def _total(self) -> Counts:
        return sum(self._images, np.zeros((2, LEVELS), np.int64))


def _errors(counts: Values) -> Values:
    """Return the calibration error of counts `[R, 2, LEVELS]`."""
    pixels, right = counts[:, 0], counts[:, 1]
    return ratio(np.abs(right - pixels * CENTRES).sum(axis=-1), pixels.sum(axis=-1))
