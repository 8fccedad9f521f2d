"""Photographs for inference, from the manifest's records."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.pixels import normalise
from seco.runtime.loader import Guarded
from seco.storage.images import read_image
from seco.storage.manifest import Record


class Photograph(NamedTuple):
    """A decoded image, and what the network takes of it."""

    record: Record
    pixels: NDArray[np.uint8]
    """``[H, W, 3]`` at the image's own size. An array, since tensors of loader processes fill /dev/shm."""
    square: Tensor
    """``[3, S, S]``, resized to a square and normalised."""


class Photographs(Guarded[int, Photograph]):
    """The photographs of some records; each is decoded once."""

    def __init__(self, records: Sequence[Record], *, image_size: int) -> None:
        self.records = records
        self.image_size = image_size

    def __len__(self) -> int:
        return len(self.records)

    def load(self, key: int) -> Photograph:
        """Load the photograph of the record at that index."""
        record = self.records[key]
        pixels = np.array(read_image(record.image))
        colours = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
        square = tv.resize(colours, [self.image_size, self.image_size], antialias=True)
        return Photograph(record, pixels, normalise(square))
