"""The pass over the training crops that all parts of an objective share."""

from functools import cached_property

import torch
from torch import Tensor

from seco.compute.device import autocast
from seco.config.settings import Settings
from seco.method.cam import multi_scale_cam, normalise_cam
from seco.models.network import CamPair, SeCoNetwork
from seco.training.inputs import Inputs


class CropPass:
    """The training crops of a step, encoded with gradient once, and the CAMs that teach.

    Attributes:
        output: what the network makes of the crops.
    """

    def __init__(self, network: SeCoNetwork, inputs: Inputs, *, settings: Settings, step: int) -> None:
        self.network = network
        self.inputs = inputs
        self.settings = settings
        self.step = step
        with self.autocast():
            self.output = network(inputs.weak)

    def autocast(self) -> torch.autocast:
        """Return the context for further passes."""
        return autocast(self.inputs.weak.device, self.settings.train.precision)

    @cached_property
    def cams(self) -> CamPair:
        """The global teacher: valid multi-scale CAM and CAM_aux ``[B, C, H, W]``, made when first asked for."""

        def maps_of(images: Tensor, class_ids: Tensor) -> CamPair:
            with self.autocast():
                encoded = self.network.encoder(images)
            return self.network.activations(encoded, class_ids)

        sums = multi_scale_cam(
            maps_of,
            self.inputs.weak,
            self.inputs.class_ids,
            scales=self.settings.cam.scales,
            multiple=self.network.encoder.patch_size,
            known=self.network.activations(self.output.tokens, self.inputs.class_ids),
        )
        return CamPair(*(normalise_cam(cam, inside=self.inputs.inside) for cam in sums))
