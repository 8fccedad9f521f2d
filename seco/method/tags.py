"""Separate: the category tags of patches. A tag is a class id, 0 for background or -1 for uncertain (sec. 3.3, 3.5)."""

import torch
from torch import Tensor

from seco.compute.device import full_precision
from seco.method.patches import crop_patches
from seco.storage.label_map import BACKGROUND, IGNORE

UNCERTAIN = -1

ROUNDING = 1e-6  # cosines that differ by less are the same in float32


def tag_patches(
    label_map: Tensor,
    class_ids: Tensor,
    inside: Tensor,
    corners: Tensor,
    *,
    patch_size: int,
    threshold: float,
    settle: bool,
) -> Tensor:
    """Tag patches from the label map under them (sec. 3.3).

    A patch whose share of foreground and uncertain pixels is at most ``threshold`` (φ) is background; one that shows
    exactly one class has that class; anything else is uncertain. Padding is not counted.

    Args:
        label_map: int64 ``[B, H, W]`` from ``three_way_labels``.
        class_ids: ``[B, C]``, the classes that the label map can show.
        inside: bool ``[B, H, W]``.
        corners: ``[B, n, 2]``.
        patch_size: side in pixels.
        threshold: φ, 0..1.
        settle: in an image whose label map shows one class only, uncertain pixels count as that class.

    Returns:
        Int64 ``[B, n]``.
    """
    labels = _settle_single_class(label_map, class_ids) if settle else label_map
    labels = crop_patches(labels, corners, patch_size=patch_size).flatten(2)  # [B, n, s·s]
    real = crop_patches(inside, corners, patch_size=patch_size).flatten(2)
    num_real = real.sum(dim=2)
    num_background = ((labels == BACKGROUND) & real).sum(dim=2)
    share = (num_real - num_background) / num_real.clamp(min=1)

    shown = _classes_shown(labels.masked_fill(~real, IGNORE), class_ids)  # [B, n, C]
    single = (shown * class_ids.unsqueeze(1)).sum(dim=2)  # the class id, where one class is shown
    tags = torch.where(shown.sum(dim=2) == 1, single, UNCERTAIN)
    tags = torch.where(share <= threshold, BACKGROUND, tags)
    return torch.where(num_real > 0, tags, UNCERTAIN)


def tags_match_masks(tags: Tensor, masks: Tensor, corners: Tensor, *, patch_size: int, threshold: float) -> Tensor:
    """Return which patch tags the true masks confirm. For measuring only, never for training.

    A class tag is right where its class covers more than ``threshold`` (φ) of the patch, a background tag where all
    classes together cover at most that. Pixels to ignore are not counted.

    Args:
        tags: ``[B, n]``.
        masks: ``[B, H, W]`` of class ids.
        corners: ``[B, n, 2]``.
        patch_size: side in pixels.
        threshold: φ, 0..1.

    Returns:
        Bool ``[B, n]``; meaningless where a tag is uncertain.
    """
    truth = crop_patches(masks, corners, patch_size=patch_size).flatten(2)  # [B, n, s·s]
    num_real = (truth != IGNORE).sum(dim=2).clamp(min=1)
    foreground = ((truth != BACKGROUND) & (truth != IGNORE)).sum(dim=2) / num_real
    of_tag = (truth == tags.unsqueeze(2)).sum(dim=2) / num_real
    return torch.where(tags == BACKGROUND, foreground <= threshold, of_tag > threshold)


def tag_images(labels: Tensor) -> Tensor:
    """Tag whole images from their multi-hot labels ``[B, K]``: the class of a single-class image, else -1. ``[B]``."""
    single = (labels > 0).sum(dim=1) == 1
    return torch.where(single, labels.argmax(dim=1) + 1, UNCERTAIN)


@torch.no_grad()
def rectify_tags(queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor, *, threshold: float) -> Tensor:
    """Withdraw tags that the reservoir contradicts (eqs. 6 and 7).

    Under its tag, a wrongly tagged patch finds few similar and many dissimilar entries: the similar ones raise the
    mean similarity, and most entries fall below it.

    Args:
        queries: ``[M, D]``, unit length.
        tags: ``[M]``; not changed.
        keys: reservoir ``[R, D]``, unit length.
        key_tags: tag pool ``[R]``, -1 where unfilled or uncertain.
        threshold: σ, the share of entries below the mean above which a tag is withdrawn.

    Returns:
        New tags ``[M]``: -1 where withdrawn. A tag that the reservoir has no entry of stays.
    """
    same = (tags.unsqueeze(1) == key_tags.unsqueeze(0)) & (key_tags != UNCERTAIN)  # [M, R]
    similarity = full_precision(queries) @ full_precision(keys).T  # [M, R]
    count = same.sum(dim=1).clamp(min=1)
    mean = torch.where(same, similarity, 0.0).sum(dim=1) / count  # eq. 6
    below = (same & (similarity < mean.unsqueeze(1) - ROUNDING)).sum(dim=1)
    return torch.where(below / count > threshold, UNCERTAIN, tags)  # eq. 7


def keep_true_tags(tags: Tensor, rectified: Tensor, supervised: Tensor) -> Tensor:
    """Return rectified tags ``[B·V]``, but those before where a true mask gave them.

    Args:
        tags: before eq. 7, ``[B·V]``, image by image.
        rectified: after it, ``[B·V]``.
        supervised: bool ``[B]``: which images have a true mask; ``[B, 0]`` where none has.
    """
    if not supervised.numel():
        return rectified
    return torch.where(supervised.repeat_interleave(len(tags) // len(supervised)), tags, rectified)


def _classes_shown(labels: Tensor, class_ids: Tensor) -> Tensor:
    """Return which of an image's classes occur among labels ``[B, n, P]``: bool ``[B, n, C]``."""
    found = [(labels == ids.view(-1, 1, 1)).any(dim=2) & (ids > 0).unsqueeze(1) for ids in class_ids.unbind(dim=1)]
    return torch.stack(found, dim=2)


def _settle_single_class(label_map: Tensor, class_ids: Tensor) -> Tensor:
    shown = _classes_shown(label_map.flatten(1).unsqueeze(1), class_ids).squeeze(1)  # [B, C]
    only = torch.where(shown.sum(dim=1) == 1, (shown * class_ids).sum(dim=1), IGNORE)
    return torch.where(label_map == IGNORE, only.view(-1, 1, 1), label_map)
