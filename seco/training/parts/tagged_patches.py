"""Separate: choose patches of the crops, tag them by the CAM (sec. 3.3), and count the tags."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.method.cam import three_way_labels
from seco.method.patches import sample_patches
from seco.method.tags import UNCERTAIN, tag_patches, tags_match_masks
from seco.storage.label_map import IGNORE
from seco.training.crop_pass import Inputs
from seco.training.objective import CurveCounts


class TaggedPatches(NamedTuple):
    """The patches of a batch."""

    corners: Tensor
    """Int64 ``[B, n, 2]``: the top left pixel of each in the crop."""
    tags: Tensor
    """Int64 ``[B, n]``: a class id, 0 for background, -1 for uncertain."""
    judged: Tensor
    """Int64 ``[B, n]``: the tags, but -1 where a true mask that teaches gave them, so that nobody judges them by it."""


class PatchCutter(NamedTuple):
    """Where patches are cut, and how they are tagged."""

    patch_size: int
    """Side in pixels."""
    num_patches: int
    """Patches an image."""
    centres: str
    """On which pixels patches are centred: ``uncertain`` ones or ``anywhere`` in the image."""
    negatives: str
    """The same for images without labels: ``anywhere``, or ``hard``, on pixels that the CAM would give to a class."""
    low: float
    """CAM values at or below it are background."""
    high: float
    """CAM values above it are the class."""
    threshold: float
    """φ: a patch with at most this share of foreground is background."""
    settle_uncertain: bool
    """Where an image's CAM shows one class only, uncertain pixels count as that class."""

    def cut(self, inputs: Inputs, cam: Tensor, strongest: Tensor | None = None, *, from_masks: bool) -> TaggedPatches:
        """Choose patches by a CAM, and tag them by it or by the true masks.

        Args:
            inputs: the batch.
            cam: normalised ``[B, C, H, W]``.
            strongest: of ``CropPass.strongest``, ``[B, H, W]``; None: images without labels are cut like the others.
            from_masks: whether tags come from the true masks.

        Images with a true mask that teaches take their tags from it in any case.
        """
        label_map = three_way_labels(cam, inputs.class_ids, inputs.inside, low=self.low, high=self.high)
        wanted = label_map == IGNORE if self.centres == "uncertain" else inputs.inside
        if strongest is not None:
            shows_nothing = (inputs.labels > 0).sum(dim=1) == 0  # [B]
            wanted = torch.where(shows_nothing.view(-1, 1, 1), strongest > self.high, wanted)
        corners = sample_patches(wanted, inputs.boxes, inputs.draws[..., 0], patch_size=self.patch_size)
        tags = judged = self._tags(inputs.masks if from_masks else label_map, inputs, corners, are_true=from_masks)
        if inputs.supervised.numel() and not from_masks:
            is_true = inputs.supervised.unsqueeze(1)
            tags = torch.where(is_true, self._tags(inputs.masks, inputs, corners, are_true=True), judged)
            judged = judged.masked_fill(is_true, UNCERTAIN)
        return TaggedPatches(corners, tags, judged)

    def right_tags(self, patches: TaggedPatches, masks: Tensor) -> Tensor:
        """Return which of the tags that the CAM gave the true masks ``[B, S, S]`` confirm: bool ``[B, n]``."""
        size, threshold = self.patch_size, self.threshold
        return tags_match_masks(patches.judged, masks, patches.corners, patch_size=size, threshold=threshold)

    def _tags(self, labels: Tensor, inputs: Inputs, corners: Tensor, *, are_true: bool) -> Tensor:
        """Return the tags ``[B, n]`` of patches under labels ``[B, S, S]``; true ones leave nothing to settle."""
        return tag_patches(
            *(labels, inputs.class_ids, inputs.inside, corners),
            patch_size=self.patch_size,
            threshold=self.threshold,
            settle=self.settle_uncertain and not are_true,
        )


def join_views(patches: Tensor, crops: Tensor, seconds: Tensor) -> Tensor:
    """Line up the embeddings of patches ``[B·n, D]`` and of both whole-image views ``[B, D]``, image by image."""
    views = [patches.unflatten(0, (len(crops), -1)), crops.unsqueeze(1), seconds.unsqueeze(1)]
    return torch.cat(views, dim=1).flatten(0, 1)  # [B·V, D]


def count_right_tags(before: Tensor, after: Tensor, right: Tensor, *, num_classes: int) -> CurveCounts:
    """Count how many tags the true masks confirm: of each class, of those kept, and of those withdrawn.

    Args:
        before: the tags from the CAM, ``[B, n]``; -1 where nobody judges them.
        after: the tags after eq. 7, ``[B, n]``.
        right: which of the first are confirmed, ``[B, n]``.
        num_classes: K, without background.
    """
    tagged = {"tags/right": before > 0, "tags/right_kept": (before > 0) & (after > 0)}
    tagged |= {f"tags/right_{tag}": before == tag for tag in range(num_classes + 1)}
    counts = {name: ((right & chosen).sum(), chosen.sum()) for name, chosen in tagged.items()}
    withdrawn = _withdrawn(before, after)
    return counts | {"tags/withdrawn_wrong": ((withdrawn & ~right).sum(), withdrawn.sum())}


def count_tags(before: Tensor, after: Tensor) -> CurveCounts:
    """Count background, class and uncertain patches, and the tags that were withdrawn.

    Args:
        before: the tags from the CAM, ``[B, n]``.
        after: the tags after eq. 7, ``[B, n]``.
    """
    chosen = {
        "patches/background": before == 0,
        "patches/class": before > 0,
        "patches/uncertain": before == UNCERTAIN,
        "patches/withdrawn": _withdrawn(before, after),
    }
    total = torch.ones_like(before).sum()
    return {name: (flags.sum(), total) for name, flags in chosen.items()}


def _withdrawn(before: Tensor, after: Tensor) -> Tensor:
    return (before != UNCERTAIN) & (after == UNCERTAIN)
