"""Read photographs of any common format as upright 8-bit RGB; refuse damaged ones by name."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from seco.errors import SecoError
from seco.storage.file_kind import stand_in
from seco.storage.regular import require_regular, unreadable

MAX_PIXELS = 80_000_000
"""Larger images are refused: a file of a few kB can claim billions of pixels and fill the memory."""

# PIL reads more formats, some of them by starting other programs.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_COLOURLESS = ("F", "I", "LAB")  # 32 bits a pixel with an unknown white level; and what PIL cannot convert
_EXIF_ORIENTATION = 0x0112
_TURNS = ("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
_UPRIGHT = {orientation: Image.Transpose[turn] for orientation, turn in enumerate(_TURNS, start=2)}  # by EXIF's numbers
_FIRST_TURNED = 5  # orientations from here on exchange width and height
_REPLACE = "replace it or take it off the list"

# Large images are refused here, by a limit that the caller sets. PIL warns of damaged EXIF data, which are ignored.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def read_image(path: Path, *, most_pixels: int | None = None) -> Image.Image:
    """Return the photograph at `path` as a fully decoded RGB image, turned as its EXIF data say.

    16-bit grey keeps its upper byte; transparent pixels become white.

    Raises:
        SecoError: the file is missing, empty, truncated, no image, has no 8-bit colours, or more pixels than
            `most_pixels` (None: `MAX_PIXELS`).
    """
    image = _read_colours(path, most_pixels=most_pixels)
    turn = _UPRIGHT.get(_orientation(image))
    image = to_rgb(image)
    return image if turn is None else image.transpose(turn)


class ImageFacts(NamedTuple):
    """What is to be known of a photograph before it is used.

    Attributes:
        size: (width, height) in pixels, as seen.
        brightest: the highest value, 0..255, of an image of 16 bits; None for other images.
    """

    size: tuple[int, int]
    brightest: int | None


def inspect_image(path: Path) -> ImageFacts:
    """Return the facts about what `read_image` returns, after decoding the image in full; raises as that."""
    image = _read_colours(path)
    width, height = image.size
    size = (height, width) if _orientation(image) >= _FIRST_TURNED else (width, height)
    return ImageFacts(size, int(np.asarray(image).max()) >> 8 if image.mode.startswith("I;16") else None)


def upright_size(path: Path, *, most_pixels: int | None = None) -> tuple[int, int]:
    """Return the (width, height) of `read_image` from the header of the file alone; raises as that."""
    image = read_any_image(path, decode=False, most_pixels=most_pixels)
    width, height = image.size
    return (height, width) if _orientation(image) >= _FIRST_TURNED else (width, height)


def read_any_image(path: Path, *, decode: bool = True, most_pixels: int | None = None) -> Image.Image:
    """Return the image at `path` as stored and in its own mode (RGB, L, P, …), decoded in full; raises as above."""
    most_pixels = MAX_PIXELS if most_pixels is None else most_pixels
    try:
        require_regular(path)
        # PIL would keep a file open after an error if it were given the path.
        with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
            if image.width * image.height > most_pixels:
                raise SecoError(f"{path} has more than {most_pixels // 1_000_000} million pixels: shrink it")
            if decode:
                image.load()
            return image
    except (FileNotFoundError, NotADirectoryError) as error:
        fault = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise SecoError(f"{path} {fault}: restore it or take it off the list") from error
    except (SecoError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        kind = stand_in(path, remedy=_REPLACE) or f"is not an image (PNG, JPEG, WebP, TIFF, BMP or GIF): {_REPLACE}"
        raise SecoError(f"{path} {kind}") from error
    except Exception as error:  # PIL raises about a dozen kinds
        if isinstance(error, OSError) and error.errno is not None:  # from the system, not from PIL
            raise unreadable(path, error) from error
        raise SecoError(f"{path} is truncated or damaged ({error}): {_REPLACE}") from error


def _read_colours(path: Path, *, most_pixels: int | None = None) -> Image.Image:
    image = read_any_image(path, most_pixels=most_pixels)
    try:
        if image.mode not in _COLOURLESS:
            to_rgb(image.crop((0, 0, 1, 1)))  # what cannot be converted is found when an image is checked
            return image
    except ValueError:
        pass
    raise SecoError(f"{path} has pixels of the kind {image.mode}: save it as RGB or grey with 8 or 16 bits")


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or it cannot be read; TIFF files are upright once decoded."""
    try:
        found = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # as above
        return 1
    return found if found in _UPRIGHT else 1


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image as 8-bit RGB: 16-bit grey keeps its upper byte, transparent pixels become white.

    An opaque RGB image is returned as it is.
    """
    if image.mode.startswith("I;16"):
        # PIL would clip 16 bits at 255.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")  # PIL would copy it
