"""Scores of single images, from the counts of each."""

from typing import NamedTuple

import numpy as np

from seco.scores.confusion import Counts, Values
from seco.scores.image_counts import ImageCounts
from seco.storage.label_map import BACKGROUND


class ImageScores(NamedTuple):
    """What is known of each of N images, in the order in which they were counted."""

    miou: Values
    """Mean IoU over the classes that the image's truth shows, ``[N]``; NaN where it shows background alone."""
    truth: Counts
    """Pixels of each class in the truth, ``[N, K+1]``."""
    predicted: Counts
    """Pixels called each class, ``[N, K+2]``; the last column counts the uncertain ones."""
    found: Counts
    """Pixels of each class that were called so, ``[N, K+1]``."""


def image_scores(images: ImageCounts) -> ImageScores:
    """Score each image by itself."""
    image, truth, prediction, pixels = images.cells()
    shape = (len(images), images.num_classes + 2)
    of_truth, of_prediction, of_both = (np.zeros(shape, np.int64) for _ in range(3))
    np.add.at(of_truth, (image, truth), pixels)
    np.add.at(of_prediction, (image, prediction), pixels)
    right = truth == prediction
    np.add.at(of_both, (image[right], truth[right]), pixels[right])
    shown, found = of_truth[:, :-1], of_both[:, :-1]
    counted = shown > 0
    counted[:, BACKGROUND] &= counted[:, BACKGROUND + 1 :].any(axis=1)
    union = np.maximum(shown + of_prediction[:, :-1] - found, 1)
    with np.errstate(invalid="ignore"):
        miou = np.where(counted, found / union, 0).sum(axis=1) / counted.sum(axis=1)
    return ImageScores(miou, shown, of_prediction, found)


def pixels_called(images: ImageCounts, class_id: int, *, truth: int) -> Counts:
    """Return, for each image, how many pixels of a true class were called another class, ``[N]``."""
    image, true_class, prediction, pixels = images.cells()
    chosen = (true_class == truth) & (prediction == class_id)
    return np.bincount(image[chosen], weights=pixels[chosen], minlength=len(images)).astype(np.int64)
