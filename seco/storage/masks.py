"""Masks: 8-bit palette PNGs whose pixel values are class ids."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_bytes
from seco.storage.images import read_any_image
from seco.storage.label_map import IGNORE, packed, palette

MaskArray = npt.NDArray[np.uint8]

_GREY = ("1", "L", "I;16")


def mask_path(folder: Path, image_id: str) -> Path:
    """Return the path of an image's mask in a folder of masks."""
    return folder / f"{image_id}.png"


def write_mask(path: Path, mask: MaskArray, *, size: tuple[int, int] | None = None) -> None:
    """Write a mask of class ids (0 background, 255 ignore) as a PNG with VOC's colours.

    Args:
        path: the PNG.
        mask: `[H, W]`.
        size: (height, width) in pixels of the PNG, where the mask was made at another: each pixel takes the nearest id.

    Raises:
        SecoError: the file cannot be written; an older one survives.
        ValueError: the array is not two-dimensional uint8.
    """
    atomic_write_bytes(path, encode_mask(mask if size is None else enlarge_mask(mask, size)))


def enlarge_mask(mask: MaskArray, size: tuple[int, int]) -> MaskArray:
    """Return a mask at another size (height, width): each pixel takes the nearest id."""
    if size == mask.shape:
        return mask
    return np.asarray(Image.fromarray(mask).resize((size[1], size[0]), Image.Resampling.NEAREST))


def encode_mask(mask: MaskArray) -> bytes:
    """Return what `write_mask` writes.

    Raises:
        ValueError: the array is not two-dimensional uint8.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise ValueError(f"a mask is uint8 [H, W], not {mask.dtype} {mask.shape}")
    image = Image.fromarray(mask)
    image.putpalette(palette())  # an "L" image given a palette becomes "P", values untouched
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()


def read_mask(path: Path, *, num_classes: int, size: tuple[int, int] | None) -> MaskArray:
    """Return the class ids `[H, W]` of a palette or grey PNG.

    Args:
        path: the PNG.
        num_classes: number of foreground classes K; a value other than 0..K and 255 is a fault.
        size: (width, height) in pixels that the mask must have; None accepts any.

    Raises:
        SecoError: unreadable, not a PNG of class ids, of another size, or with a value that is no class.
    """
    image = _read_ids(path)
    require_sound(path, _facts(image), num_classes=num_classes, size=size)
    return np.array(image, dtype=np.uint8)


class MaskFacts(NamedTuple):
    """What is to be known of a mask before it is used."""

    size: tuple[int, int]
    """Width, height in pixels."""
    values: tuple[int, ...]
    """The pixel values that occur, ascending."""
    colours: tuple[int, ...] = ()
    """The colour of each of them in the palette, packed into one number; empty for a grey image."""


def inspect_mask(path: Path) -> MaskFacts:
    """Return size and values of a palette or grey PNG, decoded in full.

    Raises:
        SecoError: unreadable, or not a PNG of class ids.
    """
    return _facts(_read_ids(path))


def require_sound(path: Path, facts: MaskFacts, *, num_classes: int, size: tuple[int, int] | None) -> None:
    """Raise a SecoError if the mask at `path` has another size or a value that is no class."""
    if size is not None and facts.size != size:
        found, wanted = "x".join(map(str, facts.size)), "x".join(map(str, size))
        raise SecoError(f"{path} is {found} pixels but its image is {wanted} (width x height): make them agree")
    unknown = [value for value in facts.values if value > num_classes and value != IGNORE]
    if unknown:
        values = ", ".join(map(str, unknown[:5]))
        raise SecoError(
            f"mask {path} holds the value {values}, but class ids are 0..{num_classes} and {IGNORE} (ignore)"
            ": correct the mask or the class list"
        )


def _read_ids(path: Path) -> Image.Image:
    image = read_any_image(path)
    remedy = "save it as an 8-bit palette or grey PNG whose pixel values are class ids"
    if image.format != "PNG":
        raise SecoError(f"mask {path} is a {image.format} file: {remedy}")
    if image.mode not in ("P", *_GREY):
        raise SecoError(f"mask {path} is a {image.mode} image, which holds colours instead of class ids: {remedy}")
    if image.mode in _GREY and _bit_depth(path) != 8:
        # Decoders stretch the values of shallow grey images to 0..255: class 1 would be read as 17 or 85.
        raise SecoError(f"mask {path} is a grey PNG of {_bit_depth(path)} bits: {remedy}")
    return image


def _facts(image: Image.Image) -> MaskFacts:
    values = tuple(value for value, pixels in enumerate(image.histogram()) if pixels)
    colours = image.getpalette("RGB") if image.mode == "P" else None
    triples = [colours[3 * value : 3 * value + 3] for value in values] if colours else []
    return MaskFacts(image.size, values, tuple(packed(*triple) for triple in triples if len(triple) == 3))


def _bit_depth(path: Path) -> int:
    """Return the bits a sample of a PNG: byte 24 of the file, in its header chunk."""
    with path.open("rb") as file:
        return file.read(25)[24]
