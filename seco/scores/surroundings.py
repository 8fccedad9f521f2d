"""In which surroundings background is taken for a class, where a data set knows what surrounds its objects."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seco.scores.bootstrap import draws, with_interval
from seco.scores.confusion import Counts, Values
from seco.scores.image_counts import ImageCounts
from seco.storage.label_map import BACKGROUND


class Surroundings(NamedTuple):
    """Where background pixels, and those of them that are taken for a class, lie."""

    contexts: tuple[str, ...]
    images: Counts
    """Images with each context, ``[C]``."""
    of_background: Values
    """Of all background pixels, the share in images with each context, ``[C]``."""
    of_false: Values
    """The same of the background pixels taken for each class, and the ends of its 95 % interval of a bootstrap over
    images, ``[3, C, K+1]``; NaN where no background is taken for the class."""


def surroundings(counts: ImageCounts, contexts: Mapping[str, Sequence[str]]) -> Surroundings:
    """Split the background pixels that are taken for each class by the contexts of their images.

    An image with several contexts counts in each of them.

    Args:
        counts: the counts of each image.
        contexts: image id → the contexts it shows; images that are not in it show none.
    """
    size = counts.num_classes + 1
    names = tuple(dict.fromkeys(name for image_id in counts.ids for name in contexts.get(image_id, ())))
    shown = np.zeros((len(counts), len(names)))
    for row, image_id in zip(shown, counts.ids, strict=True):
        row[[names.index(name) for name in contexts.get(image_id, ())]] = 1.0
    image, truth, prediction, pixels = (column.astype(np.int64) for column in counts.cells())
    ground = (truth == BACKGROUND) & (prediction < size)
    called = np.zeros((len(counts), size))  # background pixels called each class
    np.add.at(called, (image[ground], prediction[ground]), pixels[ground])
    total = np.bincount(image[truth == BACKGROUND], weights=pixels[truth == BACKGROUND], minlength=len(counts))

    def shares(weights: Counts) -> Values:
        """Return ``[n, C, K+1]``."""
        inside = np.stack([(weights * column) @ called for column in shown.T], axis=1)
        with np.errstate(invalid="ignore"):
            return inside / (weights @ called)[:, None]

    if not names:
        return Surroundings((), np.zeros(0, np.int64), np.zeros(0), np.zeros((3, 0, size)))
    with np.errstate(invalid="ignore"):
        of_background = total @ shown / total.sum()
    whole, *resampled = np.concatenate([shares(weights) for weights in draws(len(counts))])
    of_false = with_interval(whole, np.array(resampled).reshape(-1, *whole.shape))
    return Surroundings(names, shown.sum(axis=0).astype(np.int64), of_background, of_false)
