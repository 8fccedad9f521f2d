"""Photographs, decoded in full or refused by name."""

import struct
import zlib
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from seco.errors import SecoError


def read_image(path: Path) -> Image.Image:
    """Return the photograph at `path` as a fully decoded RGB image.

    Raises:
        SecoError: the file is missing, empty, truncated, no image, or far larger than any photograph.
    """
    return read_any_image(path).convert("RGB")


def read_any_image(path: Path) -> Image.Image:
    """Return the image at `path`, decoded in full, in its own mode (RGB, L, P, …); raises as `read_image`."""
    try:
        # A handle of our own: PIL keeps the file open after a fault when it is given a name.
        with path.open("rb") as file, Image.open(file) as image:
            image.load()
            return image
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SecoError(f"{path} does not exist: restore it or take it off the list") from error
    except (PermissionError, IsADirectoryError) as error:
        raise SecoError(f"{path} cannot be read: {error.strerror}; correct its permissions or its name") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise SecoError(f"{path} has more than {limit} million pixels: shrink it") from error
    except UnidentifiedImageError as error:
        kind = "is empty" if path.stat().st_size == 0 else "is not an image"
        raise SecoError(f"{path} {kind}: replace it or take it off the list") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise SecoError(f"{path} is truncated or damaged ({error}): replace it or take it off the list") from error
