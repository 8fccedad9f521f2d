"""The one way in which maps are resized."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def resize(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize ``[B, C, h, w]`` to ``size`` (height, width) with bilinear interpolation, in float32; C may be 0."""
    if maps.shape[1] == 0:  # an image of which no class is known or predicted
        return maps.new_zeros(len(maps), 0, *size, dtype=torch.float32)
    return F.interpolate(maps.float(), size=tuple(size), mode="bilinear", align_corners=False)


def resize_maps(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize the maps ``[C, h, w]`` of one image."""
    return resize(maps[None], size)[0]


def rescale(images: Tensor, scale: float, *, multiple: int) -> Tensor:
    """Resize ``[B, C, H, W]`` by a factor, to sides that are multiples of a ViT's patch; unchanged where that is so."""
    height, width = (max(round(side * scale / multiple), 1) * multiple for side in images.shape[-2:])
    return images if (height, width) == tuple(images.shape[-2:]) else resize(images, (height, width))
