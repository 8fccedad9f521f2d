"""ToCo's local crops: where they are cut, and which of them show an object (Ru et al., CVPR 2023)."""

import torch
from torch import Tensor

from seco.method.patches import crop_patches, sample_patches
from seco.storage.label_map import BACKGROUND, IGNORE

_UNCERTAIN, _CERTAIN = 1.0, 2.0  # weight of a pixel, as in the published configuration


def sample_local_crops(label_map: Tensor, boxes: Tensor, draws: Tensor, *, crop_size: int) -> Tensor:
    """Draw local crops that are not centred on a certain object pixel.

    Centres are drawn among the uncertain and the background pixels, else as ``sample_patches`` does.

    Args:
        label_map: int64 ``[B, H, W]`` from ``three_way_labels``.
        boxes: ``[B, 4]``, the real image in the crop (top, left, bottom, right; pixels).
        draws: float64 ``[B, n]``, uniform in 0..1.
        crop_size: side in pixels.

    Returns:
        Int64 ``[B, n, 2]``: row and column of each crop's top left pixel.
    """
    return sample_patches(~_certain(label_map), boxes, draws, patch_size=crop_size)


def show_objects(label_map: Tensor, inside: Tensor, corners: Tensor, *, crop_size: int, threshold: float) -> Tensor:
    """Return which local crops show an object of their image.

    A pixel that is certainly an object counts 2, an uncertain one 1, background 0; a crop whose mean over the real
    image is above ``threshold`` shows an object. Padding is not counted.

    Args:
        label_map: int64 ``[B, H, W]``.
        inside: bool ``[B, H, W]``.
        corners: ``[B, n, 2]``.
        crop_size: side in pixels.
        threshold: 0..2.

    Returns:
        Bool ``[B, n]``.
    """
    weights = torch.where(_certain(label_map), _CERTAIN, _UNCERTAIN)
    weights = torch.where(inside & (label_map != BACKGROUND), weights, 0.0)
    sums = crop_patches(weights, corners, patch_size=crop_size).flatten(2).sum(dim=2)
    num_real = crop_patches(inside, corners, patch_size=crop_size).flatten(2).sum(dim=2)
    return sums > threshold * num_real


def _certain(label_map: Tensor) -> Tensor:
    return (label_map != BACKGROUND) & (label_map != IGNORE)
