"""L_ctc of ToCo (Ru et al., CVPR 2023): class tokens of local crops against those of whole images."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.losses.class_token_contrast import class_token_contrast
from seco.method.cam import three_way_labels
from seco.method.local_crops import sample_local_crops, show_objects
from seco.method.patches import crop_patches, flip_patches
from seco.models.network import SeCoNetwork
from seco.models.teacher import frozen_copy, update_average
from seco.training.crop_pass import CropPass, Inputs
from seco.training.objective import Contribution, Part


class LocalCrops(NamedTuple):
    """The local crops of a batch."""

    images: Tensor
    """``[B, n, 3, s, s]``, in strong colours."""
    positive: Tensor
    """Bool ``[B, n]``: those that show an object of their image."""


class ClassTokenContrast(Part):
    """Class tokens of local crops are pulled to their image's where the crop shows an object, else pushed away.

    The whole-image views are the training crop and the second view. Their keys come from the student's own encoder,
    without gradient, through an EMA teacher of the projector.

    Args:
        network: the student.
        weight: of the term.
        crop_size: side of a local crop in pixels.
        num_crops: local crops an image.
        object_threshold: mean of the label map above which a crop shows an object, 0..2.
        temperature: τ.
        momentum: of the projector's teacher.
        low, high: thresholds of the three-way label map.
    """

    def __init__(
        self,
        network: SeCoNetwork,
        *,
        weight: float,
        crop_size: int,
        num_crops: int,
        object_threshold: float,
        temperature: float,
        momentum: float,
        low: float,
        high: float,
    ) -> None:
        super().__init__(weights={"ctc": weight}, views=frozenset({"strong", "second"}), num_draws=num_crops)
        self.crop_size = crop_size
        self.object_threshold = object_threshold
        self.temperature = temperature
        self.momentum = momentum
        self.low = low
        self.high = high
        self.teacher = frozen_copy(network.projector)

    def forward(self, crops: CropPass) -> Contribution:
        """Contrast the class tokens, from the first step on."""
        network, second = crops.network, crops.inputs.second
        local = self.cut(crops.inputs, crops.cams.auxiliary)
        with crops.autocast():
            whole = torch.stack([crops.output.tokens.class_token, network.encoder(second).class_token], dim=1)
            parts = network.encoder(local.images.flatten(0, 1)).class_token.unflatten(0, local.positive.shape)
            queries = network.projector(torch.cat([whole, parts], dim=1))  # [B, 2 + n, P]
            keys = self.teacher(whole.detach())  # [B, 2, P]
        positive = torch.cat([torch.ones_like(local.positive[:, :1]).expand(-1, 2), local.positive], dim=1)
        term = class_token_contrast(queries, keys.detach(), positive, temperature=self.temperature)
        counts = {"crops/negative": ((~local.positive).sum(), torch.ones_like(local.positive).sum())}
        return Contribution({"ctc": term}, counts=counts)

    def update_state(self, update: object, network: SeCoNetwork) -> None:  # noqa: ARG002
        """Move the projector's teacher."""
        update_average(self.teacher, network.projector, momentum=self.momentum)

    def cut(self, inputs: Inputs, cam: Tensor) -> LocalCrops:
        """Cut local crops out of the strong views; a normalised CAM ``[B, C, H, W]`` says which show an object."""
        label_map = three_way_labels(cam, inputs.class_ids, inputs.inside, low=self.low, high=self.high)
        size, (place, mirror) = self.crop_size, inputs.draws.unbind(dim=-1)
        corners = sample_local_crops(label_map, inputs.boxes, place, crop_size=size)
        positive = show_objects(label_map, inputs.inside, corners, crop_size=size, threshold=self.object_threshold)
        return LocalCrops(flip_patches(crop_patches(inputs.strong, corners, patch_size=size), mirror), positive)
