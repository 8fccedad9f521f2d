"""L_sup: the decoder learns from true masks. What full supervision reaches is the upper bound of Table 5."""

from seco.config.settings import Settings
from seco.losses.supervision import supervised_loss
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part
from seco.training.views import View


class Supervision(Part):
    """Cross entropy over all pixels, from the first step on."""

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:  # noqa: ARG004
        """Return 1 for the only term."""
        return {"sup": 1.0}

    @staticmethod
    def views(settings: Settings) -> frozenset[View]:  # noqa: ARG004
        """Return the true mask."""
        return frozenset({"mask"})

    def forward(self, crops: CropPass) -> Contribution:
        """Compare the segmentation with the masks."""
        return Contribution({"sup": supervised_loss(crops.output.segmentation, crops.inputs.masks)})
