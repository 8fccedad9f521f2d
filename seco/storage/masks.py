"""Label maps as 8-bit palette PNGs whose pixel values are the class ids themselves."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from seco.classes import IGNORE, palette
from seco.errors import SecoError
from seco.storage.atomic import atomic_write_bytes
from seco.storage.images import read_any_image

MaskArray = npt.NDArray[np.uint8]


def mask_path(folder: Path, image_id: str) -> Path:
    """Return where the mask of an image stands in a folder of masks."""
    return folder / f"{image_id}.png"


def write_mask(path: Path, mask: MaskArray) -> None:
    """Write a mask `[H, W]` of class ids (0 background, 255 ignore) as a PNG with VOC's colours.

    Raises:
        SecoError: the file cannot be written; an older one survives.
        ValueError: the array is not two-dimensional uint8.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise ValueError(f"a mask is uint8 [H, W], not {mask.dtype} {mask.shape}")
    image = Image.fromarray(mask)
    image.putpalette(palette())  # an "L" image given a palette becomes "P", values untouched
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=False)
    atomic_write_bytes(path, buffer.getvalue())


def read_mask(path: Path, *, num_classes: int, size: tuple[int, int] | None) -> MaskArray:
    """Return the class ids `[H, W]` of a palette or grey PNG.

    Args:
        path: the PNG.
        num_classes: number of foreground classes K; a value other than 0..K and 255 is a fault.
        size: (width, height) in pixels that the mask must have; None accepts any.

    Raises:
        SecoError: unreadable, not a PNG of class ids, of another size, or with a value that is no class.
    """
    image = read_any_image(path)
    _require_class_ids(path, image)
    if size is not None and image.size != size:
        found, wanted = "x".join(map(str, image.size)), "x".join(map(str, size))
        raise SecoError(f"{path} is {found} pixels but its image is {wanted} (width x height): make them agree")
    mask = np.array(image, dtype=np.uint8)
    _require_known_values(path, mask, num_classes)
    return mask


def _require_class_ids(path: Path, image: Image.Image) -> None:
    remedy = "save it as an 8-bit palette or grey PNG whose pixel values are class ids"
    if image.format != "PNG":
        raise SecoError(f"mask {path} is a {image.format} file: {remedy}")
    if image.mode not in ("P", "L"):
        raise SecoError(f"mask {path} is a {image.mode} image, which holds colours instead of class ids: {remedy}")
    if image.mode == "L" and _bit_depth(path) != 8:
        # Decoders stretch the values of shallow grey images to 0..255: class 1 would be read as 17 or 85.
        raise SecoError(f"mask {path} is a grey PNG of {_bit_depth(path)} bits: {remedy}")


def _bit_depth(path: Path) -> int:
    """Return the bits a sample of a PNG: byte 24 of the file, in its header chunk."""
    with path.open("rb") as file:
        return file.read(25)[24]


def _require_known_values(path: Path, mask: MaskArray, num_classes: int) -> None:
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    unknown = [int(value) for value in present if value > num_classes and value != IGNORE]
    if unknown:
        values = ", ".join(map(str, unknown[:5]))
        raise SecoError(
            f"mask {path} holds the value {values}, but class ids are 0..{num_classes} and {IGNORE} (ignore)"
            ": correct the mask or the class list"
        )
