"""Pixel values: 8-bit colours in, what the network takes out, and back."""

from torch import Tensor

from seco.compute.device import constant

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def normalise(image: Tensor) -> Tensor:
    """Bring uint8 images ``[..., 3, H, W]`` to ImageNet's mean and standard deviation, as float32."""
    levels = image.float() / 255
    return (levels - _per_channel(MEAN, levels)) / _per_channel(STD, levels)


def to_rgb(images: Tensor) -> Tensor:
    """Undo ``normalise``: ``[B, 3, H, W]`` to colour levels 0..255 as float32."""
    return (images * _per_channel(STD, images) + _per_channel(MEAN, images)).clamp(0, 1) * 255


def _per_channel(values: tuple[float, ...], like: Tensor) -> Tensor:
    return constant(values, like).view(3, 1, 1)
