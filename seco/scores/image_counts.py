"""The confusion matrices of single images, without their zeros: what a bootstrap over images draws from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seco.scores.confusion import Counts

ClassIds = npt.NDArray[np.uint8]


class Cells(NamedTuple):
    """The cells above 0 of many images' confusion matrices, image by image; each array is ``[N]``."""

    image: Counts
    """Index of the image."""
    truth: ClassIds
    prediction: ClassIds
    """K + 1 for uncertain pixels, as the last column of a ``ConfusionMatrix``."""
    pixels: Counts


class ImageCounts:
    """The confusion matrices of single images, about ten bytes for each cell above 0.

    Args:
        num_classes: K.

    Attributes:
        ids: of the images, in the order in which they were added.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.ids: list[str] = []
        self._parts: list[tuple[ClassIds, ClassIds, Counts]] = []

    def add(self, image_id: str, counts: Counts) -> None:
        """Add the counts of an image, ``[K+1, K+2]`` as of ``ConfusionMatrix``."""
        truth, prediction = np.nonzero(counts)
        self._parts.append((truth.astype(np.uint8), prediction.astype(np.uint8), counts[truth, prediction]))
        self.ids.append(image_id)

    def __len__(self) -> int:
        return len(self.ids)

    def cells(self) -> Cells:
        """Return the cells of all images."""
        if not self._parts:
            none = np.zeros(0, np.int64)
            return Cells(none, none.astype(np.uint8), none.astype(np.uint8), none)
        truth, prediction, pixels = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return Cells(np.repeat(np.arange(len(self)), self.cells_of_image()), truth, prediction, pixels)

    def cells_of_image(self) -> Counts:
        """Return how many cells each image has."""
        return np.array([len(truth) for truth, _, _ in self._parts], dtype=np.int64)

    @classmethod
    def of_cells(cls, num_classes: int, ids: Sequence[str], cells_of_image: Counts, cells: Cells) -> "ImageCounts":
        """Return the counts of which ``ids``, ``cells_of_image()`` and ``cells()`` these are."""
        counts, ends = cls(num_classes), np.cumsum(cells_of_image)[:-1]
        counts.ids = list(ids)
        parts = (np.split(column, ends) for column in (cells.truth, cells.prediction, cells.pixels))
        counts._parts = list(zip(*parts, strict=True)) if len(ids) else []
        return counts
