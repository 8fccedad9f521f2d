"""Photographs for inference, from the manifest's records."""

from collections.abc import Sequence

from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.pixels import normalise
from seco.runtime.loader import SafeDataset
from seco.storage.images import read_image
from seco.storage.manifest import Record


class SquareImages(SafeDataset[int, Tensor]):
    """Normalised photographs ``[3, S, S]``, brought to one square size."""

    def __init__(self, records: Sequence[Record], *, image_size: int) -> None:
        self.records = records
        self.image_size = image_size

    def __len__(self) -> int:
        return len(self.records)

    def load(self, key: int) -> Tensor:
        """Load the photograph of the record at that place."""
        image = tv.pil_to_tensor(read_image(self.records[key].image))
        return normalise(tv.resize(image, [self.image_size, self.image_size], antialias=True))
