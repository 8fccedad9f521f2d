"""What correcting a mask would gain, as each signal expects it: points of mIoU, a share for each class.

The IoU of a class is I / U over all pixels of the set. If a mask lacks f pixels of the class and has p too many, the
correction moves it by (f + IoU · p) / U, to first order. A class with few pixels has a small U, so that each of its
errors counts more. f and p are what a signal expects; nothing here sees a true mask.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seco.review.signals import COMPARED, Comparison
from seco.storage.label_map import BACKGROUND

Gains = NDArray[np.float64]

TAGS, RARITY = "tags", "rarity"
SIGNALS = (*COMPARED, TAGS, RARITY)
ABSENT = 0.002
"""Share of the image: a class with fewer pixels is not in the mask."""


def signal_gains(
    compared: Sequence[Comparison], tags: NDArray[np.bool_], known: NDArray[np.bool_], sizes: NDArray[np.float64]
) -> Gains:
    """Return the gain in mIoU (0..1) that each signal expects of each image's correction, ``[signals, N, K + 1]``.

    Args:
        compared: the signals of N images.
        tags: ``[N, K]``: the classes that each shows.
        known: ``[N]``: whether its tags are known.
        sizes: ``[N]``: pixels of each image.
    """
    area = np.stack([one.area for one in compared]).astype(np.float64)  # [N, K + 1]
    probable = np.stack([one.probabilities for one in compared]).astype(np.float64)  # [N, K]
    usual, pixels = _usual_area(area), sizes[:, None]
    pairs = [
        *zip(*(np.stack([one[side] for one in compared], axis=1) for side in range(2)), strict=True),
        _of_tags(area, probable, tags, known, usual),
        _of_rarity(area, tags, usual),
    ]
    return np.stack([class_gain(missing * pixels, excess * pixels, area * pixels) for missing, excess in pairs])


def class_gain(missing: Gains, excess: Gains, area: Gains) -> Gains:
    """Return the gain in mIoU of each image and class, ``[N, K + 1]``, from pixels of the same shape.

    Args:
        missing: pixels of the class that the mask does not call so.
        excess: pixels that the mask calls so and that are of no such class.
        area: pixels that the mask calls so.
    """
    union = (area + missing).sum(axis=0)
    found = (area - excess).sum(axis=0)
    counted = union > 0
    iou = found / np.maximum(union, 1)
    return (missing + iou * excess) / np.maximum(union, 1) * counted / max(int(counted.sum()), 1)


def _usual_area(area: Gains) -> Gains:
    """Return the share of an image that each class covers where masks show it, ``[K + 1]``.

    The mean over all classes counts as one more image of each, for those that few masks or none show.
    """
    shown = area > ABSENT
    shown[:, BACKGROUND] = False
    covered = np.where(shown, area, 0)
    return (covered.sum(axis=0) + covered.sum() / max(int(shown.sum()), 1)) / (shown.sum(axis=0) + 1)


def _of_tags(
    area: Gains, probable: Gains, tags: NDArray[np.bool_], known: NDArray[np.bool_], usual: Gains
) -> tuple[Gains, Gains]:
    """Return the missing and excess shares ``[N, K + 1]`` that follow from tags and predicted classes.

    A class that is not in the mask is missing with its usual area: for certain if it is a tag, else with the
    classifier's probability. A class in the mask is wrong with the probability that it is not there.
    """
    shown, sure = area[:, 1:] > ABSENT, known[:, None]
    missing, excess = np.zeros_like(area), np.zeros_like(area)
    missing[:, 1:] = np.where(shown, 0, np.where(tags, 1.0, probable) * sure) * usual[1:]
    excess[:, 1:] = np.where(shown, (1 - probable) * sure, 0) * area[:, 1:]
    missing[:, BACKGROUND], excess[:, BACKGROUND] = excess[:, 1:].sum(axis=1), missing[:, 1:].sum(axis=1)
    return missing, excess


def _of_rarity(area: Gains, tags: NDArray[np.bool_], usual: Gains) -> tuple[Gains, Gains]:
    """Return the shares that one expects who knows the tags alone: each may be missing, with its usual area.

    Where all views are wrong alike, nothing disagrees, and yet a class of few images gains most by each of them.
    """
    missing = np.zeros_like(area)
    missing[:, 1:] = tags * usual[1:]
    return missing, np.zeros_like(area)
