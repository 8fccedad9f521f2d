"""The input of every part of the objective: the batch on the device, the encoded crops and their CAMs."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from seco.compute.device import autocast
from seco.compute.pixels import normalise
from seco.method.cam import inside_mask, multi_scale_cam, normalise_cam, present_classes, strongest_activation
from seco.models.network import CamPair, SeCoNetwork
from seco.training.loading import Batch


class Inputs(NamedTuple):
    """A batch on the model's device. Views are normalised, and 0 outside the real image.

    A view that no part of the method asks for is empty: ``[B, 0]``.
    """

    weak: Tensor
    """``[B, 3, S, S]``."""
    strong: Tensor
    """``[B, 3, S, S]``."""
    second: Tensor
    """``[B, 3, S', S']``."""
    masks: Tensor
    """Int64 ``[B, S, S]``."""
    boxes: Tensor
    """Int64 ``[B, 4]``."""
    labels: Tensor
    """Multi-hot ``[B, K]``."""
    draws: Tensor
    """Float64 ``[B, n, 2]``."""
    supervised: Tensor
    """Bool ``[B]``: whether the image learns from its mask; ``[B, 0]`` in a run where none does."""
    class_ids: Tensor
    """``[B, C]``: the present classes."""
    inside: Tensor
    """Bool ``[B, S, S]``: the real image in the crop."""


def to_device(batch: Batch, device: torch.device) -> Inputs:
    """Move a batch to the device and normalise its views.

    The number of present classes depends on the labels' values: it is read here, while the labels are on the host.
    """
    class_ids = present_classes(batch.labels)
    moved = (part.to(device, non_blocking=True) for part in (*batch[2:], class_ids))
    weak, strong, second, masks, boxes, labels, draws, supervised, class_ids = moved
    inside = inside_mask(boxes, (weak.shape[-2], weak.shape[-1]))
    return Inputs(
        weak=normalise(weak) * inside.unsqueeze(1),
        strong=normalise(strong) * inside.unsqueeze(1) if strong.numel() else strong,
        second=normalise(second) if second.numel() else second,
        masks=masks.long(),
        boxes=boxes,
        labels=labels,
        draws=draws,
        supervised=supervised,
        class_ids=class_ids,
        inside=inside,
    )


class CropPass:
    """One pass of the network over the training crops, shared by all parts of the objective.

    Attributes:
        output: what the network returns for the crops.
        step: the training step (0-based).
    """

    def __init__(
        self, network: SeCoNetwork, inputs: Inputs, *, step: int, cam_scales: Sequence[float], precision: str
    ) -> None:
        self.network = network
        self.inputs = inputs
        self.step = step
        self._cam_scales = cam_scales
        self._precision = precision
        with self.autocast():
            self.output = network(inputs.weak)

    def autocast(self) -> torch.autocast:
        """Return the precision context for further passes."""
        return autocast(self.inputs.weak.device, self._precision)

    @cached_property
    def cams(self) -> CamPair:
        """The global teacher: normalised multi-scale CAM and CAM_aux ``[B, C, H, W]``, computed at first use."""

        def maps_of(images: Tensor, class_ids: Tensor) -> CamPair:
            with self.autocast():
                tokens = self.network.encoder(images)
            return self.network.activations(tokens, class_ids)

        sums = multi_scale_cam(
            maps_of,
            self.inputs.weak,
            self.inputs.class_ids,
            scales=self._cam_scales,
            multiple=self.network.encoder.patch_size,
            known=self.network.activations(self.output.tokens, self.inputs.class_ids),
        )
        return CamPair(*(normalise_cam(cam, inside=self.inputs.inside) for cam in sums))

    @cached_property
    def strongest(self) -> CamPair:
        """Normalised activation ``[B, S, S]`` of the strongest of all K classes, shown or not, by both classifiers.

        At one scale, from the tokens that are there: it decides where to look, not what a pixel is.
        """
        inputs, num_classes = self.inputs, self.network.num_classes
        with torch.no_grad():
            every = torch.arange(1, num_classes + 1, device=inputs.labels.device).expand(len(inputs.labels), -1)
            maps = self.network.activations(self.output.tokens, every)
            return CamPair(*(strongest_activation(each, inputs.inside) for each in maps))
