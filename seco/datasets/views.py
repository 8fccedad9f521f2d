"""The three views of a training image (method: sec. 3.3): the crop, its strong view, and a second crop.

Geometry works on tensors and colours on PIL images: each is where torchvision is fastest at it, by a factor of three.
"""

from typing import Any, NamedTuple

import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from seco.device import constant

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class Views(NamedTuple):
    """Uint8 images; padding is 0."""

    weak: Tensor
    """``[3, S, S]``: the training crop as it is (``Aug_q``)."""
    strong: Tensor
    """``[3, S, S]``: the same crop in other colours (``Aug_k``), never mirrored against it."""
    second: Tensor
    """``[3, S', S']``: another crop of the same photograph."""
    box: Tensor
    """Int64 ``[4]``: top, left, bottom, right of the photograph in the crop."""


class ViewMaker:
    """Cuts and recolours a photograph at random; every draw comes from the seed given with it."""

    def __init__(self, *, crop_size: int, second_size: int, scale_range: tuple[float, float]) -> None:
        self.crop_size = crop_size
        self.scale_range = scale_range
        jitter = v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8)
        self.strong_colours = v2.Compose([jitter, v2.RandomGrayscale(p=0.2), v2.RandomApply([GaussianBlur()], p=0.5)])
        self.second_crop = v2.Compose(
            [v2.RandomResizedCrop(second_size, scale=(0.4, 1.0), antialias=True), v2.RandomHorizontalFlip(p=0.5)]
        )
        self.second_colours = v2.Compose(
            [jitter, v2.RandomApply([GaussianBlur()], p=0.1), v2.RandomSolarize(threshold=128, p=0.2)]
        )

    def __call__(self, image: Tensor, *, seed: int) -> Views:
        """Make the views of a photograph (uint8 ``[3, H, W]``)."""
        # torchvision draws from torch's global generator: it is lent out seeded and given back as it was.
        with torch.random.fork_rng(devices=()):
            torch.default_generator.manual_seed(seed)
            crop, box = self._crop(image)
            top, left, bottom, right = box
            strong = crop.clone()
            strong[:, top:bottom, left:right] = _recolour(self.strong_colours, crop[:, top:bottom, left:right])
            second = _recolour(self.second_colours, self.second_crop(image))
        return Views(crop, strong, second, torch.tensor(box))

    def _crop(self, image: Tensor) -> tuple[Tensor, tuple[int, int, int, int]]:
        """Scale, mirror and crop at random; where the image is smaller it lands at random in an empty crop."""
        scale = torch.empty(()).uniform_(*self.scale_range).item()
        height, width = (max(round(side * scale), 1) for side in image.shape[-2:])
        image = tv.resize(image, [height, width], antialias=True)
        if torch.rand(()) < 0.5:
            image = tv.horizontal_flip(image)
        source_top, top, rows = _place(height, self.crop_size)
        source_left, left, columns = _place(width, self.crop_size)
        crop = image.new_zeros(3, self.crop_size, self.crop_size)
        crop[:, top : top + rows, left : left + columns] = image[
            :, source_top : source_top + rows, source_left : source_left + columns
        ]
        return crop, (top, left, top + rows, left + columns)


class GaussianBlur(v2.Transform):
    """Blur of a PIL image by a Gaussian of a width drawn from 0.1 to 2 pixels, as extended box blurs."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:  # noqa: ARG002 - torchvision's signature
        """Draw the width."""
        return {"sigma": torch.empty(()).uniform_(0.1, 2.0).item()}

    def transform(self, inpt: Image.Image, params: dict[str, Any]) -> Image.Image:
        """Blur the image."""
        return inpt.filter(ImageFilter.GaussianBlur(params["sigma"]))


def normalise(image: Tensor) -> Tensor:
    """Bring uint8 images ``[..., 3, H, W]`` to ImageNet's mean and standard deviation, as float32."""
    levels = image.float() / 255
    return (levels - _per_channel(MEAN, levels)) / _per_channel(STD, levels)


def to_rgb(images: Tensor) -> Tensor:
    """Undo ``normalise``: ``[B, 3, H, W]`` to colour levels 0..255 as float32."""
    return (images * _per_channel(STD, images) + _per_channel(MEAN, images)).clamp(0, 1) * 255


def _per_channel(values: tuple[float, ...], like: Tensor) -> Tensor:
    return constant(values, like).view(3, 1, 1)


def _place(side: int, crop: int) -> tuple[int, int, int]:
    """Return where a crop starts in the image, where the image starts in the crop, and how much they share."""
    slack = int(torch.randint(abs(side - crop) + 1, ()))
    return (slack, 0, crop) if side >= crop else (0, slack, side)


def _recolour(colours: v2.Transform, image: Tensor) -> Tensor:
    return tv.pil_to_tensor(colours(tv.to_pil_image(image)))
