"""A validation split for data that has none: iterative stratification (Sechidis et al., 2011)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seco.data.listing import ListedImage
from seco.storage.manifest import TRAIN

VAL = "val"


def make_splits(images: Sequence[ListedImage], *, share: float | None, seed: int) -> list[ListedImage]:
    """Give "train" or "val" to the images that have no split; the others keep theirs.

    The split depends on the images' labels and order and on the seed, not on the content of files: mending a broken
    image moves no other.

    Args:
        images: the images.
        share: of the images for "val", 0..1; None makes all "train".
        seed: of the random choice.
    """
    label_sets = [image.labels or () for image in images if image.split is None]
    is_held_out = iter(stratified_split(label_sets, share=share or 0.0, seed=seed))
    return [
        image if image.split is not None else replace(image, split=VAL if next(is_held_out) else TRAIN)
        for image in images
    ]


def stratified_split(label_sets: Sequence[Sequence[str]], *, share: float, seed: int) -> list[bool]:
    """Hold out a share of the images, and as nearly as possible the same share of the images of each label.

    The label with the fewest images left is assigned first: each of its images goes to the side that still lacks the
    most images of that label, or the most images at all.

    Args:
        label_sets: the labels of each image.
        share: 0..1.
        seed: decides which images, where labels leave a choice.

    Returns:
        For each image whether it is held out.
    """
    labels_of = [[*labels] or [""] for labels in label_sets]
    images_of: dict[str, list[int]] = {}
    for image in np.random.default_rng(seed).permutation(len(label_sets)).tolist():
        for label in labels_of[image]:
            images_of.setdefault(label, []).append(image)
    left = {label: len(images) for label, images in images_of.items()}
    # How many images each side, kept and held out, still lacks: of each label, and (None) in all.
    sizes: dict[str | None, int] = {**left, None: len(label_sets)}
    lacking = {label: [(1 - share) * size, share * size] for label, size in sizes.items()}
    assigned: dict[int, bool] = {}
    while left:
        rarest = min(left, key=lambda label: (left[label], label))
        for image in images_of[rarest]:
            if image not in assigned:
                kept, held_out = zip(lacking[rarest], lacking[None], strict=True)
                assigned[image] = held_out > kept
                for label in (*labels_of[image], None):
                    lacking[label][assigned[image]] -= 1
                for label in labels_of[image]:
                    left[label] = left.get(label, 0) - 1
        del left[rarest]
    return [assigned[image] for image in range(len(label_sets))]
