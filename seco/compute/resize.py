"""Bilinear resizing of images and maps."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision


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
