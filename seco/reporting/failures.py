"""Images that break a simple rule: the labels promise what the mask does not show, or the other way round."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seco.runtime.parallel import thread_map
from seco.scores.confusion import Counts
from seco.scores.single_images import ImageScores
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import mask_path, read_mask

_LARGE = 0.05  # of the image: an object or a stray class of less is no failure
_UNSEEN = 0.01  # of an object's pixels: it was not found

NOTHING = "nothing was found, although the image is labelled"
STRAY = "the largest class of the mask is not among the labels"
MISSED = "an object of 5 % of the image or more was not found"


class Failure(NamedTuple):
    """An image that breaks a rule."""

    record: Record
    rule: str
    note: str
    """What is said of the image."""
    size: float
    """Share of the image that is wrong."""


def find_failures(
    records: Sequence[Record], predicted: Counts, manifest: Manifest, *, scores: ImageScores | None
) -> list[Failure]:
    """Return the images that break a rule, each once: where nothing was found first, then the largest share first.

    Args:
        records: N images.
        predicted: pixels called each class, ``[N, K+2]``, as of ``ImageScores`` or ``predicted_pixels``.
        manifest: the data set.
        scores: of the same images; None where there is no truth.
    """
    names, found = ["background", *manifest.class_names], []
    for index, record in enumerate(records):
        labels, counts = manifest.label_ids(record), predicted[index]
        objects = counts[BACKGROUND + 1 : -1]
        whole = int(counts.sum())
        largest = int(objects.argmax()) + 1 if objects.size else BACKGROUND
        if not counts.sum():  # it has no mask, or the truth ignores every pixel
            continue
        if labels and not objects.sum():
            found.append(Failure(record, NOTHING, f"nothing found of {', '.join(record.labels)}", 1.0))
        elif labels and largest not in labels and objects.max() >= _LARGE * whole:
            share = objects.max() / whole
            note = f"{names[largest]} on {100 * share:.1f} % of the image, labelled {', '.join(record.labels)}"
            found.append(Failure(record, STRAY, note, share))
        elif scores is not None and (missed := _missed(scores, index, whole)):
            share = scores.truth[index, missed] / whole
            found.append(
                Failure(record, MISSED, f"{names[missed]} on {100 * share:.1f} % of the image is missed", share)
            )
    return sorted(found, key=lambda failure: -failure.size)


def _missed(scores: ImageScores, index: int, whole: int) -> int:
    """Return the largest class that the truth shows and the mask does not; 0 if there is none."""
    truth, right = scores.truth[index], scores.found[index]
    missed = np.where((truth >= _LARGE * whole) & (right < _UNSEEN * truth), truth, 0)
    missed[BACKGROUND] = 0
    return int(missed.argmax())


def predicted_pixels(records: Sequence[Record], folder: Path, *, num_classes: int) -> Counts:
    """Count the pixels of masks, ``[N, K+2]``; an image without a mask has none.

    Raises:
        SecoError: a mask is damaged.
    """
    rows = list(thread_map(partial(_pixels, folder=folder, num_classes=num_classes), records))
    return np.array(rows, dtype=np.int64).reshape(len(records), num_classes + 2)


def _pixels(record: Record, *, folder: Path, num_classes: int) -> Counts:
    path = mask_path(folder, record.id)
    if not path.is_file():
        return np.zeros(num_classes + 2, np.int64)
    mask = read_mask(path, num_classes=num_classes, size=(record.width, record.height))
    counts = np.bincount(mask.ravel(), minlength=256)
    return np.append(counts[: num_classes + 1], counts[IGNORE])
