"""L_seg and L_reg: the decoder learns from the refined CAMs of the very network that it belongs to."""

from torch import Tensor

from seco.compute.pixels import to_rgb
from seco.compute.resize import resize
from seco.config.settings import Settings
from seco.losses.energy import energy_loss
from seco.losses.segmentation import segmentation_loss
from seco.method.par import PAR
from seco.method.pseudo_labels import refine_labels
from seco.models.network import SeCoNetwork
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part

ENERGY_WEIGHT = 1e-7  # brings the energy, a sum over pairs of pixels, to the size of the other terms


class OnlineSegmentation(Part):
    """Cross entropy under the pseudo label, and the energy of the prediction."""

    def __init__(self, settings: Settings, network: SeCoNetwork) -> None:
        super().__init__(settings, network)
        self.par = PAR()

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:
        """Return γ, and the weight of the energy."""
        return {"seg": settings.weight_seg, "reg": settings.weight_reg}

    def forward(self, crops: CropPass) -> Contribution:
        """Find the terms that weigh something, from ``train.segmentation_start`` on."""
        settings = crops.settings
        if crops.step < settings.train.segmentation_start:
            return Contribution()
        rgb = to_rgb(crops.inputs.weak)
        logits = resize(crops.output.segmentation, rgb.shape[-2:])  # [B, K + 1, H, W]
        terms: dict[str, Tensor] = {}
        if settings.weight_seg:
            terms["seg"] = segmentation_loss(logits, self._labels(crops, rgb))
        if settings.weight_reg:
            terms["reg"] = energy_loss(rgb, logits.softmax(dim=1), crops.inputs.inside, weight=ENERGY_WEIGHT)
        return Contribution(terms)

    def _labels(self, crops: CropPass, rgb: Tensor) -> Tensor:
        """Return the pseudo labels int64 ``[B, H, W]``."""
        settings, inputs = crops.settings, crops.inputs
        return refine_labels(
            rgb,
            crops.cams.final,
            inputs.class_ids,
            inputs.inside,
            low=settings.cam.low,
            high=settings.cam.high,
            par=self.par,
        )
