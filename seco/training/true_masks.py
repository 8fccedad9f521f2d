"""Which training images learn from a true mask, and what their labels are then."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seco.config.sections import Train
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import TRAIN, Manifest, Record
from seco.storage.masks import read_mask


def teaching_masks(manifest: Manifest, train: Train, *, seed: int) -> dict[str, Path]:
    """Return the true masks that teach, by image id: corrected ones, and those of the share ``train.mask_share``.

    The share is of all training images, at least one, drawn among those whose data set has a mask; a larger share
    holds the smaller ones of the same seed. Where an image has both, the corrected mask counts.

    Args:
        manifest: the data.
        train: the settings that choose.
        seed: of the draw.
    """
    records = [record for record in manifest.records if record.split == TRAIN]
    own = [record for record in records if record.mask is not None]
    number = train.masks_of(len(records))
    chosen = [own[index] for index in np.random.default_rng(seed).permutation(len(own))[:number]]
    masks = {record.id: record.mask for record in chosen if record.mask is not None}
    if train.use_corrections:
        masks |= {record.id: record.corrected for record in records if record.corrected is not None}
    return masks


def shown_classes(mask: npt.NDArray[np.uint8], class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that a mask ``[H, W]`` shows, in the order of their ids: the true labels of its image."""
    found = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    return tuple(class_names[int(value) - 1] for value in found if value not in (BACKGROUND, IGNORE))


def true_labels(record: Record, masks: Mapping[str, Path], class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that the image's true mask shows, or its labels if ``masks`` has none of it.

    Raises:
        SecoError: the mask cannot be read.
    """
    if record.id not in masks:
        return record.labels
    size = (record.width, record.height)
    return shown_classes(read_mask(masks[record.id], num_classes=len(class_names), size=size), class_names)


def describe_teaching(manifest: Manifest, masks: Mapping[str, Path]) -> str:
    """Return a line such as "12 of 60 images learn from a true mask (5 of these are corrections)"."""
    records = manifest.split(TRAIN)
    corrected = sum(masks.get(record.id) == record.corrected is not None for record in records)
    of_them = f" ({corrected} of these are corrections)" if corrected else ""
    return f"{len(masks)} of {len(records)} images learn from a true mask{of_them}"
