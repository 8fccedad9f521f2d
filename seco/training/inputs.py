"""A batch on the device, with what every part of the objective asks of it."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.compute.pixels import normalise
from seco.method.cam import inside_mask, present_classes
from seco.training.loading import Batch


class Inputs(NamedTuple):
    """A batch on the model's device; the views of ``Batch`` are normalised here, and 0 outside the real image.

    Views that no part of the method asks for are empty, ``[B, 0]``.
    """

    weak: Tensor
    strong: Tensor
    second: Tensor
    masks: Tensor
    """Int64 ``[B, S, S]``."""
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
    parts = (*batch[2:], class_ids)
    moved = (part.to(device, non_blocking=True) for part in parts)
    weak, strong, second, masks, boxes, labels, draws, class_ids = moved
    inside = inside_mask(boxes, (weak.shape[-2], weak.shape[-1]))
    return Inputs(
        weak=normalise(weak) * inside.unsqueeze(1),
        strong=normalise(strong) * inside.unsqueeze(1) if strong.numel() else strong,
        second=normalise(second) if second.numel() else second,
        masks=masks.long(),
        boxes=boxes,
        labels=labels,
        draws=draws,
        class_ids=class_ids,
        inside=inside,
    )
