"""The views of a training image (method: sec. 3.3): the crop, its strong view, a second crop, and the crop's mask.

Geometry works on tensors and colours on PIL images: each is where torchvision is fastest at it, by a factor of three.
"""

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as tv

from seco.storage.label_map import IGNORE

View = Literal["strong", "second", "mask"]
"""The views of an image besides the training crop."""


class Views(NamedTuple):
    """Uint8 images; padding is 0. Those that were not asked for are empty."""

    weak: Tensor
    """``[3, S, S]``: the training crop as it is (``Aug_q``)."""
    strong: Tensor
    """``[3, S, S]``: the same crop in other colours (``Aug_k``), never mirrored against it."""
    second: Tensor
    """``[3, S', S']``: another crop of the same photograph."""
    mask: Tensor
    """``[S, S]``: the true class ids of the crop, 255 outside the photograph."""
    box: Tensor
    """Int64 ``[4]``: top, left, bottom, right of the photograph in the crop."""


class _Place(NamedTuple):
    """The position of a photograph in the crop, in pixels."""

    size: tuple[int, int]
    """Height and width it is resized to."""
    mirrored: bool
    rows: tuple[int, int, int]
    """Where the crop starts in the photograph, where the photograph starts in the crop, and how much they share."""
    columns: tuple[int, int, int]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of the photograph in the crop."""
        (_, top, rows), (_, left, columns) = self.rows, self.columns
        return top, left, top + rows, left + columns


class ViewMaker:
    """Cuts and recolours a photograph at random; every draw comes from the seed given with it.

    Args:
        crop_size: S.
        second_size: S'.
        scale_range: of the random resize.
        wanted: the views to make besides the crop, which is the same for any choice.
    """

    def __init__(
        self, *, crop_size: int, second_size: int, scale_range: tuple[float, float], wanted: Collection[View]
    ) -> None:
        self.crop_size = crop_size
        self.scale_range = scale_range
        self.wanted = frozenset(wanted)
        jitter = v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8)
        self.strong_colours = v2.Compose([jitter, v2.RandomGrayscale(p=0.2), v2.RandomApply([GaussianBlur()], p=0.5)])
        self.second_crop = v2.Compose(
            [v2.RandomResizedCrop(second_size, scale=(0.4, 1.0), antialias=True), v2.RandomHorizontalFlip(p=0.5)]
        )
        self.second_colours = v2.Compose(
            [
                *(jitter, v2.RandomGrayscale(p=0.2)),
                *(v2.RandomApply([GaussianBlur()], p=0.1), v2.RandomSolarize(threshold=128, p=0.2)),
            ]
        )

    def __call__(self, image: Tensor, mask: Tensor | None = None, *, seed: int) -> Views:
        """Make the views of a photograph (uint8 ``[3, H, W]``), and of its mask (uint8 ``[H, W]``) where wanted."""
        nothing = image.new_empty(0)
        # torchvision draws from torch's global generator: it is seeded here and restored afterwards.
        with torch.random.fork_rng(devices=()):
            torch.default_generator.manual_seed(seed)
            place = self._place(image.shape[-2:])
            crop = self._crop(tv.resize(image, list(place.size), antialias=True), place, fill=0)
            strong = self._strong(crop, place.box) if "strong" in self.wanted else nothing
            second = _recolour(self.second_colours, self.second_crop(image)) if "second" in self.wanted else nothing
        if mask is not None:
            resized = tv.resize(mask[None], list(place.size), interpolation=InterpolationMode.NEAREST_EXACT)
            mask = self._crop(resized, place, fill=IGNORE)[0]
        return Views(crop, strong, second, nothing if mask is None else mask, torch.tensor(place.box))

    def _place(self, size: Sequence[int]) -> _Place:
        """Draw scale, mirroring and place; a photograph smaller than the crop lands anywhere in it."""
        scale = torch.empty(()).uniform_(*self.scale_range).item()
        height, width = (max(round(side * scale), 1) for side in size)
        mirrored = bool(torch.rand(()) < 0.5)
        rows = _overlap(height, self.crop_size)
        return _Place((height, width), mirrored, rows, _overlap(width, self.crop_size))

    def _crop(self, image: Tensor, place: _Place, *, fill: int) -> Tensor:
        """Mirror and crop a resized image ``[C, H, W]``."""
        if place.mirrored:
            image = tv.horizontal_flip(image)
        (source_top, top, rows), (source_left, left, columns) = place.rows, place.columns
        crop = image.new_full((len(image), self.crop_size, self.crop_size), fill)
        crop[:, top : top + rows, left : left + columns] = image[
            :, source_top : source_top + rows, source_left : source_left + columns
        ]
        return crop

    def _strong(self, crop: Tensor, box: Sequence[int]) -> Tensor:
        """Recolour the real image in the crop."""
        top, left, bottom, right = box
        strong = crop.clone()
        strong[:, top:bottom, left:right] = _recolour(self.strong_colours, crop[:, top:bottom, left:right])
        return strong


class GaussianBlur(v2.Transform):
    """Blur of a PIL image by a Gaussian of a width drawn from 0.1 to 2 pixels, as extended box blurs."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:  # noqa: ARG002 - torchvision's signature
        """Draw the width."""
        return {"sigma": torch.empty(()).uniform_(0.1, 2.0).item()}

    def transform(self, inpt: Image.Image, params: dict[str, Any]) -> Image.Image:
        """Blur the image."""
        return inpt.filter(ImageFilter.GaussianBlur(params["sigma"]))


def _overlap(side: int, crop: int) -> tuple[int, int, int]:
    """Draw where a crop starts in the image, where the image starts in the crop, and how much they share."""
    slack = int(torch.randint(abs(side - crop) + 1, ()))
    return (slack, 0, crop) if side >= crop else (0, slack, side)


def _recolour(colours: v2.Transform, image: Tensor) -> Tensor:
    return tv.pil_to_tensor(colours(tv.to_pil_image(image)))
