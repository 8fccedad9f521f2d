"""The confusion matrices of single images, without their zeros: what a bootstrap over images draws from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seco.scores.confusion import ConfusionMatrix, Counts, Values

ClassIds = npt.NDArray[np.uint8]
_NONE: Counts = np.zeros(0, np.int64)


class Cells(NamedTuple):
    """The cells above 0 of many images' confusion matrices, image by image; each array is ``[N]``."""

    image: Counts
    """Index of the image."""
    truth: ClassIds
    prediction: ClassIds
    """K + 1 for uncertain pixels, as the last column of a ``ConfusionMatrix``."""
    pixels: Counts


class Outlines(NamedTuple):
    """The boundary F-scores of many images' classes, image by image; each array is ``[M]``."""

    image: Counts
    """Index of the image."""
    class_id: ClassIds
    score: npt.NDArray[np.float32]


class ImageCounts:
    """The confusion matrices of single images, about ten bytes for each cell above 0, and their boundary F-scores.

    Args:
        num_classes: K.

    Attributes:
        ids: of the images, in the order in which they were added.
        data: the fingerprint of the data set (``data_fingerprint``), where it is known.
    """

    def __init__(self, num_classes: int, *, data: str | None = None) -> None:
        self.num_classes = num_classes
        self.data = data
        self.ids: list[str] = []
        self._cells: list[tuple[ClassIds, ClassIds, Counts]] = []
        self._outlines: list[tuple[ClassIds, npt.NDArray[np.float32]]] = []

    def add(self, image_id: str, counts: Counts, boundaries: Values | None = None) -> None:
        """Add an image.

        Args:
            image_id: its id.
            counts: ``[K+1, K+2]`` as of ``ConfusionMatrix``.
            boundaries: its boundary F-scores ``[K+1]``, NaN for a class without one; None: they are not known.
        """
        truth, prediction = np.nonzero(counts)
        self._cells.append((truth.astype(np.uint8), prediction.astype(np.uint8), counts[truth, prediction]))
        known = np.zeros(0, np.int64) if boundaries is None else np.flatnonzero(np.isfinite(boundaries))
        scores = np.zeros(0) if boundaries is None else boundaries[known]
        self._outlines.append((known.astype(np.uint8), scores.astype(np.float32)))
        self.ids.append(image_id)

    def __len__(self) -> int:
        return len(self.ids)

    def cells(self) -> Cells:
        """Return the cells of all images."""
        if not self._cells:
            return Cells(_NONE, _NONE.astype(np.uint8), _NONE.astype(np.uint8), _NONE)
        image = np.repeat(np.arange(len(self)), [len(truth) for truth, _, _ in self._cells])
        return Cells(image, *(np.concatenate(column) for column in zip(*self._cells, strict=True)))

    def outlines(self) -> Outlines:
        """Return the boundary F-scores of all images."""
        if not self._outlines:
            return Outlines(_NONE, _NONE.astype(np.uint8), _NONE.astype(np.float32))
        image = np.repeat(np.arange(len(self)), [len(class_ids) for class_ids, _ in self._outlines])
        return Outlines(image, *(np.concatenate(column) for column in zip(*self._outlines, strict=True)))

    def total(self) -> ConfusionMatrix:
        """Return the confusion matrix of all images; it counts pixels and boundary scores, not images."""
        cells, outlines, size = self.cells(), self.outlines(), self.num_classes + 1
        matrix = ConfusionMatrix(self.num_classes)
        np.add.at(matrix.counts, (cells.truth, cells.prediction), cells.pixels)
        for row, weights in zip(matrix.boundaries, (outlines.score, None), strict=True):
            row += np.bincount(outlines.class_id, weights=weights, minlength=size)
        return matrix

    @classmethod
    def of_parts(
        cls, num_classes: int, ids: Sequence[str], cells: Cells, outlines: Outlines, *, data: str | None = None
    ) -> "ImageCounts":
        """Return the counts of which ``ids``, ``cells()`` and ``outlines()`` these are."""
        counts = cls(num_classes, data=data)
        counts.ids = list(ids)
        counts._cells = list(zip(*_split(cells, len(ids)), strict=True))
        counts._outlines = list(zip(*_split(outlines, len(ids)), strict=True))
        return counts


def _split(columns: Sequence[npt.NDArray[np.generic]], count: int) -> list[list[npt.NDArray[np.generic]]]:
    """Return the parts of all columns but the first, by the first: the index of the image, ascending."""
    image, *rest = columns
    ends = np.searchsorted(image, np.arange(1, count))
    return [np.split(column, ends) if count else [] for column in rest]
