"""Synthetic batches: smooth images with some noise, one or two classes each, padded where asked."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.pixels import to_rgb
from seco.config.settings import Settings
from seco.training.loading import Batch


def synthetic_batch(
    settings: Settings, labels: Tensor, *, boxes: Sequence[Sequence[int]] | None = None, seed: int = 0
) -> Batch:
    """Make a batch of the settings' sizes.

    Args:
        settings: crop, second view and patches.
        labels: multi-hot ``[B, K]``.
        boxes: the real image in each crop (top, left, bottom, right); None: all of it.
        seed: of everything random.
    """
    generator = torch.Generator().manual_seed(seed)
    count, side, second = len(labels), settings.train.crop_size, settings.train.second_view_size
    boxes = [(0, 0, side, side)] * count if boxes is None else boxes
    weak = _smooth(count, side, generator)
    return Batch(
        ids=[str(index) for index in range(count)],
        faults=[],
        weak=_levels(weak),
        strong=_levels(0.8 * weak + 0.1 * torch.randn(count, 3, 1, 1, generator=generator)),
        second=_levels(_smooth(count, second, generator)),
        masks=torch.empty(count, 0, dtype=torch.uint8),
        boxes=torch.tensor(boxes),
        labels=labels,
        draws=torch.rand(count, settings.num_patches, 2, generator=generator, dtype=torch.float64),
        supervised=torch.empty(count, 0, dtype=torch.bool),
    )


def one_or_two_classes(count: int, num_classes: int) -> Tensor:
    """Return labels ``[count, K]``: every second image shows two classes, the others one."""
    labels = torch.zeros(count, num_classes)
    for index, row in enumerate(labels):
        row[index % num_classes] = 1
        row[(7 * index + 3) % num_classes] = max(float(index % 2), row[(7 * index + 3) % num_classes].item())
    return labels


def _smooth(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return images ``[count, 3, side, side]`` whose colours drift from region to region, as photographs' do."""
    coarse = torch.randn(count, 3, max(side // 24, 2), max(side // 24, 2), generator=generator)
    images = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=False)
    return images + 0.05 * torch.randn(images.shape, generator=generator)


def _levels(images: Tensor) -> Tensor:
    """Return normalised images as they would be loaded: uint8."""
    return to_rgb(images).byte()
