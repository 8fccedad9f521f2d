"""A validation split for data that has none: iterative stratification (Sechidis et al., 2011), seeded."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seco.data.candidates import Candidate
from seco.storage.manifest import TRAIN

VAL = "val"


def make_splits(candidates: Sequence[Candidate], *, share: float | None, seed: int) -> list[Candidate]:
    """Give "train" or "val" to the images that have no split; the others keep theirs.

    The split depends on the images' labels and order and on the seed, not on what their files hold: mending a broken
    image moves no other.

    Args:
        candidates: the images.
        share: of the images for "val", 0..1; None makes all "train".
        seed: of the draws.
    """
    open_ones = [index for index, candidate in enumerate(candidates) if candidate.split is None]
    label_sets = [candidates[index].labels or () for index in open_ones]
    held_out = stratified(label_sets, share=share or 0.0, seed=seed)
    split = dict(zip(open_ones, (VAL if is_held_out else TRAIN for is_held_out in held_out), strict=True))
    return [
        replace(candidate, split=split[index]) if index in split else candidate
        for index, candidate in enumerate(candidates)
    ]


def stratified(label_sets: Sequence[Sequence[str]], *, share: float, seed: int) -> list[bool]:
    """Hold out a share of the images, and as nearly as possible the same share of the images of each label.

    The label with the fewest images left is dealt out first: each of its images goes to the side that still lacks the
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
    # What each side, kept and held out, still lacks: of each label, and (None) in all.
    sizes: dict[str | None, int] = {**left, None: len(label_sets)}
    lacking = {label: [(1 - share) * size, share * size] for label, size in sizes.items()}
    dealt: dict[int, bool] = {}
    while left:
        rarest = min(left, key=lambda label: (left[label], label))
        for image in images_of[rarest]:
            if image not in dealt:
                kept, held_out = zip(lacking[rarest], lacking[None], strict=True)
                dealt[image] = held_out > kept
                for label in (*labels_of[image], None):
                    lacking[label][dealt[image]] -= 1
                for label in labels_of[image]:
                    left[label] = left.get(label, 0) - 1
        del left[rarest]
    return [dealt[image] for image in range(len(label_sets))]
