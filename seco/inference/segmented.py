"""What a model says about one image, for callers in Python."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seco.errors import SecoError, did_you_mean
from seco.storage.label_map import BACKGROUND


@dataclass(frozen=True, eq=False)
class Segmented:
    """The segmentation of an image; every array has the image's own size.

    Attributes:
        mask: ``uint8 [H, W]``: 0 is background, 1..K are the classes in the order of ``class_names``.
        scores: ``float32 [K + 1, H, W]``: the probability of background and of each class, before the CRF.
        class_names: those of the model.
    """

    mask: NDArray[np.uint8] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)
    class_names: tuple[str, ...]
    cam_of: Callable[[str], NDArray[np.float32]] = field(repr=False)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """``float32 [H, W]``: the probability of the class that the mask shows."""
        return np.take_along_axis(self.scores, self.mask[None].astype(np.intp), axis=0)[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the mask, the largest first."""
        counts = np.bincount(self.mask.ravel(), minlength=len(self.class_names) + 1)
        counts[BACKGROUND] = 0
        return tuple(self.class_names[index - 1] for index in np.argsort(-counts, kind="stable") if counts[index])

    def cam(self, name: str) -> NDArray[np.float32]:
        """Return the class activation map of a class, ``float32 [H, W]`` in 0..1; the network runs for it.

        Raises:
            SecoError: the model has no such class.
        """
        if name not in self.class_names:
            raise SecoError(f"the model has no class {name!r}: {did_you_mean(name, self.class_names)}")
        return self.cam_of(name)
