"""How sure a segmentation is of each pixel, in 16 levels: 4-bit PNGs that any viewer shows in grey."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_bytes
from seco.storage.images import read_any_image
from seco.storage.masks import enlarge_mask

CONFIDENCE = "confidence"
"""The folder beside those of the masks."""
LEVELS = 16
"""A pixel of level `i` has a confidence of i / 16 to (i + 1) / 16."""
_GREYS = [value for level in range(LEVELS) for value in (level * 17,) * 3]


def write_confidence(path: Path, confidence: npt.NDArray[np.floating], *, size: tuple[int, int]) -> None:
    """Write the probability `[h, w]`, 0..1, of each pixel's class at the size (height, width) of its mask.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    levels = np.clip(confidence * LEVELS, 0, LEVELS - 1).astype(np.uint8)
    image = Image.fromarray(enlarge_mask(levels, size))
    image.putpalette(_GREYS)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", bits=4)
    atomic_write_bytes(path, buffer.getvalue())


def read_confidence(path: Path, *, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return the levels `[H, W]`, 0..15.

    Args:
        path: the PNG.
        size: (width, height) in pixels that it must have.

    Raises:
        SecoError: missing, unreadable, no such PNG, or of another size.
    """
    if not path.is_file():
        raise SecoError(f"the confidence {path} is missing: run `seco predict` again")
    image = read_any_image(path)
    if image.mode != "P" or image.size != size:
        found, wanted = "x".join(map(str, image.size)), "x".join(map(str, size))
        raise SecoError(
            f"{path} is no confidence of a segmentation of {wanted} pixels ({image.mode}, {found}): "
            "run `seco predict` again"
        )
    levels = np.array(image, dtype=np.uint8)
    if levels.size and levels.max() >= LEVELS:
        raise SecoError(f"{path} holds the level {levels.max()}, but levels are 0..15: run `seco predict` again")
    return levels
