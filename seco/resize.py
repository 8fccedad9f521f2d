"""The one way in which maps are resized."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F


def resize(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize ``[B, C, h, w]`` to ``size`` (height, width) with bilinear interpolation, in float32."""
    return F.interpolate(maps.float(), size=tuple(size), mode="bilinear", align_corners=False)


def resize_maps(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize the maps ``[C, h, w]`` of one image; C may be 0."""
    return resize(maps[None], size)[0] if len(maps) else maps.new_zeros(0, *size)
