"""Otsu's criterion (1979): how much of the variance of values a threshold explains that parts them."""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


class LevelSums:
    """Moments of the CAM values of images, by level; each image has the weight 1, whatever its size.

    A value's level is the number of thresholds below it.

    Args:
        num_thresholds: number of thresholds T.

    Attributes:
        moments: float64 `[3, T+1]`: the sums of 1, of the values and of their squares.
    """

    def __init__(self, num_thresholds: int) -> None:
        self.moments: Values = np.zeros((3, num_thresholds + 1))

    def update(self, values: npt.NDArray[np.floating], levels: npt.NDArray[np.integer]) -> None:
        """Add an image by its values and their levels 0..T, `[h, w]` each."""
        exact = values.ravel().astype(np.float64)
        for power, moment in enumerate(self.moments):
            moment += np.bincount(levels.ravel(), weights=exact**power, minlength=len(moment)) / exact.size

    def foreground(self) -> Values:
        """Return the share of pixels above each threshold, `[T]`; NaN without images."""
        with np.errstate(invalid="ignore"):
            return 1 - self.moments[0].cumsum()[:-1] / self.moments[0].sum()

    def separation(self) -> Values:
        """Return the variance between the two sides of each threshold over the whole variance, `[T]`, 0..1.

        It is 0 for a threshold with all values on one side, and NaN if there is no variance.
        """
        count, total, squares = self.moments.sum(axis=1)
        below, sum_below = self.moments[:2].cumsum(axis=1)[:, :-1]
        above, sum_above = count - below, total - sum_below
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.nan_to_num(sum_above / above - sum_below / below, nan=0.0, posinf=0.0, neginf=0.0)
            return below * above * apart**2 / (count * squares - total**2)
