"""Photographs on their way to the network: where they are, at what size it sees them, and how they are loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.pixels import normalise
from seco.errors import SecoError
from seco.runtime.loader import SafeDataset
from seco.storage.images import read_image, to_rgb, upright_size
from seco.storage.manifest import TRAIN, Record

ImageLike = str | Path | Image.Image | NDArray[np.uint8]


class Photo(NamedTuple):
    """An image that the network shall look at."""

    id: str
    image: Path | NDArray[np.uint8]
    """A file, or pixels ``[H, W, 3]``."""
    labels: tuple[str, ...] | None = None
    """The classes that it shows; None: those that the network predicts."""


class Resizing(NamedTuple):
    """The size at which the network sees an image."""

    square: int | None = None
    """Side in pixels of the square that every image becomes; None: an image keeps its shape."""
    longest: int | None = None
    """Pixels of the longer side, to which larger images are shrunk; None: images keep their size."""
    tile: int = 672
    """An image with a longer side is then cut into overlapping tiles of this side: 1.5 times the crops that ViTs are
    trained on, since the time of attention grows with the square of the number of tokens."""
    most_pixels: int | None = None
    """Images with more are refused; None: with more than data sets may have."""

    def seen(self, size: tuple[int, int], *, patch: int) -> tuple[int, int]:
        """Return the (height, width) at which an image of a size is seen: multiples of the ViT's patch."""
        if self.square is not None:
            return self.square, self.square
        factor = min(1.0, self.longest / max(size)) if self.longest is not None else 1.0
        height, width = (max(round(side * factor / patch), 1) * patch for side in size)
        return height, width

    def cuts(self, seen: tuple[int, int]) -> bool:
        """Return whether an image that is seen at a size is cut into tiles."""
        return self.square is None and max(seen) > self.tile


class Photograph(NamedTuple):
    """A decoded image, and what the network takes of it."""

    photo: Photo
    pixels: NDArray[np.uint8]
    """``[H, W, 3]`` at the image's own size. An array, since tensors of loader processes fill /dev/shm."""
    seen: Tensor
    """``[3, h, w]``, resized and normalised."""


class BadPhotograph(NamedTuple):
    """An image that cannot be used."""

    photo: Photo
    fault: SecoError


class Photographs(SafeDataset[int, Photograph | BadPhotograph]):
    """Some photographs; each is decoded once.

    Args:
        photos: the images.
        resizing: how they are resized.
        patch: side in pixels of the ViT's patches.
    """

    def __init__(self, photos: Sequence[Photo], *, resizing: Resizing, patch: int) -> None:
        self.photos = photos
        self.resizing = resizing
        self.patch = patch

    def __len__(self) -> int:
        return len(self.photos)

    def load(self, key: int) -> Photograph | BadPhotograph:
        """Load the photograph at that index; a fault is returned with its image."""
        try:
            return load_photograph(self.photos[key], resizing=self.resizing, patch=self.patch)
        except SecoError as fault:
            return BadPhotograph(self.photos[key], fault)


def photo_of(record: Record) -> Photo:
    """Return an image of a data set. An image of "train" without labels shows none of the classes."""
    return Photo(record.id, record.image, record.labels if record.labels or record.split == TRAIN else None)


def as_photo(index: int, image: ImageLike) -> Photo:
    """Return an image of a caller as a photo whose id is its index.

    Raises:
        SecoError: an array is not uint8 ``[H, W, 3]`` or ``[H, W]`` with at least a pixel.
    """
    if isinstance(image, str | Path):
        return Photo(str(index), Path(image))
    if isinstance(image, Image.Image):
        return Photo(str(index), np.array(to_rgb(image)))
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0 or image.shape[2:] not in ((), (3,)):
        raise SecoError(
            f"image {index} is an array {image.dtype} {list(image.shape)}: give uint8 [height, width, 3] or "
            "[height, width]"
        )
    return Photo(str(index), np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image)


def load_photograph(photo: Photo, *, resizing: Resizing, patch: int) -> Photograph:
    """Return a photo, decoded and resized; raises as ``read_image``."""
    pixels = np.array(open_photo(photo, most_pixels=resizing.most_pixels))
    colours = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
    size = resizing.seen((pixels.shape[0], pixels.shape[1]), patch=patch)
    return Photograph(photo, pixels, normalise(tv.resize(colours, list(size), antialias=True)))


def open_photo(photo: Photo, *, most_pixels: int | None = None) -> Image.Image:
    """Return the image of a photo, upright and RGB; raises as ``read_image``."""
    if isinstance(photo.image, Path):
        return read_image(photo.image, most_pixels=most_pixels)
    return Image.fromarray(photo.image)


def size_of(photo: Photo, *, most_pixels: int | None) -> tuple[int, int]:
    """Return the (height, width) of a photo, from the header of its file alone; raises as ``read_image``."""
    if isinstance(photo.image, Path):
        width, height = upright_size(photo.image, most_pixels=most_pixels)
        return height, width
    return photo.image.shape[0], photo.image.shape[1]
