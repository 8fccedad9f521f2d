"""L_sup: the decoder learns from true masks. Full supervision is the upper bound of Table 5."""

from seco.losses.segmentation import pixel_log_probabilities
from seco.losses.supervision import supervised_loss
from seco.training.crop_pass import CropPass
from seco.training.objective import Contribution, Part


class Supervision(Part):
    """Cross entropy over all pixels, from the first step on."""

    def __init__(self) -> None:
        super().__init__(weights={"sup": 1.0}, views=frozenset({"mask"}))

    def forward(self, crops: CropPass) -> Contribution:
        """Compare the segmentation with the masks."""
        masks = crops.inputs.masks
        log_probabilities = pixel_log_probabilities(crops.output.segmentation, masks.shape[-2:])
        return Contribution({"sup": supervised_loss(log_probabilities, masks)})
