"""Bilinear resizing of images and maps."""

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision

MOST_SCORES = 50_000_000
"""The most scores of an image, pixels times classes. The dense CRF takes 40 bytes for each, so 2 GB for an image."""

_KERNELS = 8  # classes that take as much memory as the kernels of PAR and of the dense CRF, which all classes share


def scored_size(size: Sequence[int], classes: int) -> tuple[int, int]:
    """Return the (height, width) at which the pixels of an image of a size get scores of so many classes.

    It is the image's own size up to 4.5 million pixels for 3 classes and 1.7 million for 21. A larger image is scored
    at a lower resolution of the same shape, so that memory does not grow with it.
    """
    height, width = size
    pixels = int(MOST_SCORES / (classes + _KERNELS))
    factor = math.sqrt(pixels / (height * width))
    if factor >= 1:
        return height, width
    height = max(int(height * factor), 1)
    return height, min(int(width * factor) or 1, pixels // height)  # a strip of one row stays one


def resize(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize ``[B, C, h, w]`` to ``size`` (height, width) (bilinear), in float32 at least; C may be 0."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return full_precision(maps)
    if maps.shape[1] == 0:  # an image of which no class is known or predicted
        return full_precision(maps.new_zeros(len(maps), 0, *size))
    return F.interpolate(full_precision(maps), size=tuple(size), mode="bilinear", align_corners=False)


def resize_maps(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize the maps ``[C, h, w]`` of one image."""
    return resize(maps[None], size)[0]


def rescale(images: Tensor, scale: float, *, multiple: int) -> Tensor:
    """Resize ``[B, C, H, W]`` by a factor, to sides that are multiples of a ViT's patch; unchanged where that is so."""
    height, width = (max(round(side * scale / multiple), 1) * multiple for side in images.shape[-2:])
    return images if (height, width) == tuple(images.shape[-2:]) else resize(images, (height, width))
