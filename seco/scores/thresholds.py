"""Every threshold of CAMs at once: pixel counts from which the confusion matrix of each follows."""

import numpy as np
import numpy.typing as npt

from seco.scores.confusion import ConfusionMatrix, Counts
from seco.storage.label_map import BACKGROUND, IGNORE

_COUNTED_AT_ONCE = 1 << 20  # pixels: counting takes two dozen bytes of memory for each


class ThresholdCounts:
    """Pixel counts of (true class, strongest class, level), each pixel counted once for all thresholds.

    A pixel's level is the number of thresholds below its strength, which is the highest value of its CAM. At the
    threshold `i` it has its strongest class if its level is above `i`, and is background otherwise.

    Args:
        num_classes: number of foreground classes K.
        num_thresholds: number of thresholds T.

    Attributes:
        counts: int64 `[K+1, K+1, T+1]`.
    """

    def __init__(self, num_classes: int, num_thresholds: int) -> None:
        self.counts: Counts = np.zeros((num_classes + 1, num_classes + 1, num_thresholds + 1), dtype=np.int64)

    def update(
        self, truth: npt.NDArray[np.uint8], strongest: npt.NDArray[np.uint8], levels: npt.NDArray[np.uint8]
    ) -> None:
        """Count an image by three arrays `[H, W]`; pixels whose truth is 255 (ignore) are left out.

        Args:
            truth: class ids 0..K, or 255.
            strongest: class ids 0..K.
            levels: 0..T.

        Raises:
            ValueError: the shapes differ or a value is out of range.
        """
        if not truth.shape == strongest.shape == levels.shape:
            raise ValueError(f"{truth.shape}, {strongest.shape} and {levels.shape} differ in shape")
        flat = [array.ravel() for array in (truth, strongest, levels)]
        for start in range(0, truth.size, _COUNTED_AT_ONCE):
            parts = [array[start : start + _COUNTED_AT_ONCE] for array in flat]
            known = parts[0] != IGNORE
            cells = np.ravel_multi_index([part[known] for part in parts], self.counts.shape)
            self.counts += np.bincount(cells, minlength=self.counts.size).reshape(self.counts.shape)

    def merge(self, other: "ThresholdCounts") -> None:
        """Add the counts of other images, of the same classes and thresholds."""
        self.counts += other.counts

    def matrices(self) -> list[ConfusionMatrix]:
        """Return the confusion matrix of each threshold; they count pixels only, no images."""
        num_classes, num_thresholds = self.counts.shape[0] - 1, self.counts.shape[2] - 1
        # [K+1, K+1, T]: pixels above each threshold.
        above = self.counts[:, :, :0:-1].cumsum(axis=2)[:, :, ::-1]
        below = self.counts.sum(axis=(1, 2))[:, None] - above.sum(axis=1)  # [K+1, T]
        matrices = [ConfusionMatrix(num_classes) for _ in range(num_thresholds)]
        for index, matrix in enumerate(matrices):
            matrix.counts[:, :-1] += above[:, :, index]
            matrix.counts[:, BACKGROUND] += below[:, index]
        return matrices
