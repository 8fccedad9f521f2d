"""L_ctc of ToCo (Ru et al., CVPR 2023): class tokens of local crops against those of whole images."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.config.settings import Settings
from seco.losses.class_token_contrast import class_token_contrast
from seco.method.cam import three_way_labels
from seco.method.local_crops import sample_local_crops, show_objects
from seco.method.patches import crop_patches, flip_patches
from seco.models.network import SeCoNetwork
from seco.models.teacher import follow, frozen_copy
from seco.training.inputs import Inputs
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part
from seco.training.views import View


class LocalCrops(NamedTuple):
    """The local crops of a batch."""

    images: Tensor
    """``[B, n, 3, s, s]``, in strong colours."""
    positive: Tensor
    """Bool ``[B, n]``: those that show an object of their image."""


class ClassTokenContrast(Part):
    """Local crops and whole images are alike where the crops show an object; with the projector's teacher.

    The whole-image views are the training crop and the second view. Their keys come from the student's own encoder,
    without gradient, through the teacher of the projector.
    """

    def __init__(self, settings: Settings, network: SeCoNetwork) -> None:
        super().__init__(settings, network)
        self.teacher = frozen_copy(network.projector)

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:
        """Return the weight of L_ctc."""
        return {"ctc": settings.toco.weight}

    @staticmethod
    def views(settings: Settings) -> frozenset[View]:  # noqa: ARG004
        """Return both other views."""
        return frozenset({"strong", "second"})

    @staticmethod
    def num_draws(settings: Settings) -> int:
        """Return one for each local crop."""
        return settings.toco.num_crops

    def forward(self, crops: CropPass) -> Contribution:
        """Contrast the class tokens, from the first step on."""
        network, second, settings = crops.network, crops.inputs.second, crops.settings
        local = cut_local_crops(crops.inputs, crops.cams.auxiliary, settings)
        with crops.autocast():
            whole = torch.stack([crops.output.tokens.class_token, network.encoder(second).class_token], dim=1)
            parts = network.encoder(local.images.flatten(0, 1)).class_token.unflatten(0, local.positive.shape)
            queries = network.projector(torch.cat([whole, parts], dim=1))  # [B, 2 + n, P]
            keys = self.teacher(whole.detach())  # [B, 2, P]
        positive = torch.cat([torch.ones_like(local.positive[:, :1]).expand(-1, 2), local.positive], dim=1)
        term = class_token_contrast(queries, keys.detach(), positive, temperature=settings.toco.temperature)
        counts = {"crops/negative": ((~local.positive).sum(), torch.ones_like(local.positive).sum())}
        return Contribution({"ctc": term}, shares=counts)

    def take_up(self, uptake: object, network: SeCoNetwork, settings: Settings) -> None:  # noqa: ARG002
        """Move the projector's teacher."""
        follow(self.teacher, network.projector, momentum=settings.toco.momentum)


def cut_local_crops(inputs: Inputs, cam: Tensor, settings: Settings) -> LocalCrops:
    """Cut local crops out of the strong views and say which show an object, from a valid CAM ``[B, C, H, W]``."""
    label_map = three_way_labels(cam, inputs.class_ids, inputs.inside, low=settings.cam.low, high=settings.cam.high)
    size, (place, mirror) = settings.toco.crop_size, inputs.draws.unbind(dim=-1)
    corners = sample_local_crops(label_map, inputs.boxes, place, crop_size=size)
    positive = show_objects(label_map, inputs.inside, corners, crop_size=size, threshold=settings.toco.object_threshold)
    images = flip_patches(crop_patches(inputs.strong, corners, patch_size=size), mirror)
    return LocalCrops(images, positive)
