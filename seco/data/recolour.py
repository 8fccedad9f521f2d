"""Masks of class ids from masks of colours, whose data set says which colour is which class."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seco.errors import SecoError
from seco.storage.images import read_any_image
from seco.storage.label_map import unpacked
from seco.storage.masks import MaskArray

_SHOWN = 3  # colours in a sentence


class RecolourTask(NamedTuple):
    """A mask to be written: plain values, which a worker process can be sent.

    Attributes:
        source: the file that names the colours.
        coloured: the mask of colours.
        class_ids: class id of each colour, packed into one number.
        target: the mask's file.
    """

    source: Path
    coloured: Path
    class_ids: Mapping[int, int]
    target: Path

    def draw(self) -> MaskArray:
        """Return the mask `[H, W]`.

        Raises:
            SecoError: the mask of colours cannot be read, or holds a colour without a name.
        """
        image = read_any_image(self.coloured)
        if image.format != "PNG":
            raise SecoError(f"mask {self.coloured} is a {image.format} file: save it as PNG, which keeps colours exact")
        channels = np.asarray(image.convert("RGB"), np.uint32)  # [H, W, 3]
        colours, where = np.unique(channels @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_inverse=True)
        unknown = [colour for colour in colours.tolist() if colour not in self.class_ids]
        if unknown:
            names = ", ".join(str(unpacked(colour)) for colour in unknown[:_SHOWN])
            raise SecoError(f"mask {self.coloured} holds colours that {self.source} does not name: {names}")
        ids = np.array([self.class_ids[colour] for colour in colours.tolist()], np.uint8)
        return ids[where].reshape(channels.shape[:2])
