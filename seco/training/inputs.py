"""A batch on the device, with what every part of the objective asks of it."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.cam import inside_mask, present_classes
from seco.datasets.loading import Batch


class Inputs(NamedTuple):
    """A batch on the model's device; see ``Batch`` for the views."""

    weak: Tensor
    strong: Tensor
    second: Tensor
    boxes: Tensor
    labels: Tensor
    draws: Tensor
    class_ids: Tensor
    """``[B, C]``: the present classes."""
    inside: Tensor
    """Bool ``[B, S, S]``: the real image in the crop."""


def to_device(batch: Batch, device: torch.device) -> Inputs:
    """Move a batch to the device; the number of present classes is read while the labels are on the host."""
    class_ids = present_classes(batch.labels)
    moved = [part.to(device, non_blocking=True) for part in (*batch[2:], class_ids)]
    boxes, size = moved[3], batch.weak.shape[-2:]
    return Inputs(*moved, inside=inside_mask(boxes, (size[0], size[1])))
