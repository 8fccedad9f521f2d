"""Pictures of the masks over their photographs, in colours that differ clearly, and a table of the colours.

```
<id>.jpg      or .png
legend.csv    class, colour
```
"""

import io
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from seco.conversion.containers import Folder
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.errors import SecoError
from seco.reporting.overlays import class_colours, mask_overlay
from seco.storage.csv_file import write_csv
from seco.storage.images import read_image
from seco.storage.masks import MaskArray

BAND = 1_000_000
"""Pixels drawn at a time, which takes about 200 MB."""

_QUALITY = 90


def write_jpegs(masks: MaskSet, target: Target, _options: Options) -> None:
    """Write the pictures as JPEG; a `Writer`."""
    _write(masks, target, suffix=".jpg")


def write_pngs(masks: MaskSet, target: Target, _options: Options) -> None:
    """Write the pictures as PNG; a `Writer`."""
    _write(masks, target, suffix=".png")


def draw(photo: Image.Image, mask: MaskArray) -> npt.NDArray[np.uint8]:
    """Return `mask_overlay` of a photograph `[H, W, 3]`, drawn in bands so that large ones do not fill the memory."""
    picture = np.empty((*mask.shape, 3), np.uint8)
    height = max(BAND // mask.shape[1], 1)
    for top in range(0, len(mask), height):
        # Edges depend on the rows above and below.
        above, bottom = max(top - 1, 0), min(top + height, len(mask))
        band = np.asarray(photo.crop((0, above, photo.width, min(bottom + 1, len(mask)))))
        drawn = mask_overlay(band, mask[above : bottom + 1])
        picture[top:bottom] = drawn[top - above : bottom - above]
    return picture


def encoded(picture: npt.NDArray[np.uint8], *, suffix: str) -> bytes:
    """Return a picture `[H, W, 3]` as a JPEG for the suffix ".jpg", as a PNG for ".png"."""
    buffer, image = io.BytesIO(), Image.fromarray(picture)
    if suffix == ".jpg":
        image.save(buffer, format="JPEG", quality=_QUALITY)
    else:
        image.save(buffer, format="PNG")
    return buffer.getvalue()


def _write(masks: MaskSet, target: Target, *, suffix: str) -> None:
    colours = class_colours()
    rows = [
        (name, f"#{bytes(colours[class_id].tolist()).hex()}")
        for class_id, name in enumerate(masks.class_names, start=1)
    ]
    write_csv(target.path / "legend.csv", rows, columns=("class", "colour"))
    folder = Folder(target.path)
    for item, picture in masks.each(partial(_picture, suffix=suffix), target.progress):
        folder.add(f"{item.id}{suffix}", picture)


def drawn_over(item: Item, mask: MaskArray) -> npt.NDArray[np.uint8]:
    """Return `draw` of a mask and its photograph; raises a SecoError if their sizes differ."""
    path, _ = item.known_photo
    photo = read_image(path)
    if (photo.height, photo.width) != mask.shape:
        height, width = mask.shape
        raise SecoError(
            f"{path} is {photo.width}x{photo.height} pixels but its mask {item.mask} is {width}x{height} "
            "(width x height): make them agree"
        )
    return draw(photo, mask)


def _picture(item: Item, mask: MaskArray, *, suffix: str) -> bytes:
    return encoded(drawn_over(item, mask), suffix=suffix)
