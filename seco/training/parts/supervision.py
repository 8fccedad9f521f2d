"""L_sup: the decoder learns from true masks. Full supervision is the upper bound of Table 5."""

from seco.losses.supervision import supervised_loss
from seco.training.crop_pass import CropPass
from seco.training.objective import Contribution, Part


class Supervision(Part):
    """Cross entropy over all pixels, from the first step on."""

    def __init__(self) -> None:
        super().__init__(weights={"sup": 1.0}, views=frozenset({"mask"}))

    def forward(self, crops: CropPass) -> Contribution:
        """Compare the segmentation with the masks."""
        return Contribution({"sup": supervised_loss(crops.output.segmentation, crops.inputs.masks)})
