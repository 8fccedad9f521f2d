"""How often classes share an image, counted from image labels alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

PairCounts = npt.NDArray[np.int64]


def count_pairs(label_sets: Sequence[Sequence[int]], *, num_classes: int) -> PairCounts:
    """Count the images in which classes occur together.

    Args:
        label_sets: the class ids (1..K) of each image.
        num_classes: K.

    Returns:
        Symmetric int64 `[K+1, K+1]`, indexed by class id: the images that show both classes, and on the diagonal
        the images that show the class. Row and column 0, the background, which no label names, stay 0.
    """
    shown = np.zeros((len(label_sets), num_classes + 1), dtype=np.int64)
    for row, label_ids in zip(shown, label_sets, strict=True):
        row[list(label_ids)] = 1
    return shown.T @ shown
