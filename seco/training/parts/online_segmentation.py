"""L_seg and L_reg: the decoder learns from the refined CAMs of its own network, or from true masks."""

from typing import Literal

from torch import Tensor

from seco.compute.pixels import to_rgb
from seco.losses.energy import energy_loss
from seco.losses.mixed_segmentation import mixed_segmentation_loss
from seco.losses.segmentation import pixel_log_probabilities, segmentation_loss
from seco.method.par import PAR
from seco.method.pseudo_labels import refine_labels
from seco.training.crop_pass import CropPass, Inputs
from seco.training.objective import Contribution, Part

ENERGY_WEIGHT = 1e-7  # brings the energy, a sum over pairs of pixels, to the size of the other terms


class OnlineSegmentation(Part):
    """Cross entropy under the pseudo label, and the dense-CRF energy of the prediction.

    An image with a true mask learns from it in place of the pseudo label, from the first step on.

    Args:
        weight_seg: γ of eq. 9.
        weight_reg: weight of the energy.
        energy_pixels: whether all pixels count in it, or labelled ones by their uncertainty.
        mask_weight: of the cross entropy of an image with a true mask, relative to that of other images.
        start: the step at which pseudo labels and energy begin.
        low: background score of PAR's generous run.
        high: background score of PAR's strict run.
    """

    def __init__(
        self,
        *,
        weight_seg: float,
        weight_reg: float,
        energy_pixels: Literal["all", "uncertain"],
        mask_weight: float,
        start: int,
        low: float,
        high: float,
    ) -> None:
        super().__init__(weights={"seg": weight_seg, "reg": weight_reg})
        self.energy_by_labels = energy_pixels == "uncertain"
        self.mask_weight = mask_weight
        self.start = start
        self.low = low
        self.high = high
        self.par = PAR()

    def forward(self, crops: CropPass) -> Contribution:
        """Compute the terms that have a weight."""
        has_begun, is_mixed = crops.step >= self.start, crops.inputs.supervised.numel() > 0
        if not has_begun and not is_mixed:
            return Contribution()
        rgb = to_rgb(crops.inputs.weak)
        log_probabilities = pixel_log_probabilities(crops.output.segmentation, rgb.shape[-2:])  # [B, K + 1, H, W]
        terms: dict[str, Tensor] = {}
        needs_labels = self.weights["seg"] or self.energy_by_labels
        labels = self._pseudo_labels(crops, rgb) if has_begun and needs_labels else None
        if self.weights["seg"]:
            terms["seg"] = self._cross_entropy(log_probabilities, labels, crops.inputs)
        if self.weights["reg"] and has_begun:
            terms["reg"] = self._energy(rgb, log_probabilities.exp(), labels, crops.inputs)
        return Contribution(terms)

    def _energy(self, rgb: Tensor, probabilities: Tensor, labels: Tensor | None, inputs: Inputs) -> Tensor:
        if not self.energy_by_labels:
            labels = None
        elif labels is not None and inputs.supervised.numel():
            labels = inputs.masks.where(inputs.supervised[:, None, None], labels)
        return energy_loss(rgb, probabilities, inputs.inside, labels=labels, weight=ENERGY_WEIGHT)

    def _cross_entropy(self, log_probabilities: Tensor, labels: Tensor | None, inputs: Inputs) -> Tensor:
        if labels is not None and not inputs.supervised.numel():
            return segmentation_loss(log_probabilities, labels)
        return mixed_segmentation_loss(
            log_probabilities, labels, inputs.masks, inputs.supervised, mask_weight=self.mask_weight
        )

    def _pseudo_labels(self, crops: CropPass, rgb: Tensor) -> Tensor:
        """Return int64 ``[B, H, W]``."""
        inputs = crops.inputs
        return refine_labels(
            rgb, crops.cams.final, inputs.class_ids, inputs.inside, low=self.low, high=self.high, par=self.par
        )
