"""The objective (eq. 9): which terms a step has, and what they are made of. Changes no state."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.cam import multi_scale_cam, normalise_cam, three_way_labels
from seco.config import Settings
from seco.datasets.views import to_rgb
from seco.device import autocast, full_precision
from seco.losses.energy import energy_loss
from seco.losses.reduction import mean
from seco.losses.segmentation import segmentation_loss
from seco.losses.token_contrast import token_contrast
from seco.models.encoder import Tokens
from seco.models.network import CamPair, SeCoNetwork
from seco.refinement.par import PAR
from seco.refinement.pseudo_labels import refine_labels
from seco.resize import resize
from seco.training.contrast import Contrast, contrast_patches
from seco.training.inputs import Inputs
from seco.training.models import Models

ENERGY_WEIGHT = 1e-7  # brings the energy, a sum over pairs of pixels, to the size of the other terms


class StepResult(NamedTuple):
    """What a step found: the loss, its terms, and what the memories take up once the weights have moved.

    Of several ranks each finds its part of the loss and of its terms; the parts add up to the whole.
    """

    total: Tensor
    terms: dict[str, Tensor]
    """Unweighted, by name; only those that the phase has."""
    crop_embedding: Tensor
    """``[B, D]`` detached, ``Z`` of eq. 3."""
    contrast: Contrast | None


class Objective:
    """Eq. 9 with its phases: a term that has not begun, or weighs nothing, is not computed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.par = PAR()
        self.weights = {
            "cls": 1.0,
            "aux": 1.0,
            "ptc": settings.weight_ptc,
            "lig": settings.weight_lig,
            "lil": settings.weight_lil,
            "seg": settings.weight_seg,
            "reg": settings.weight_reg,
        }

    def __call__(self, models: Models, inputs: Inputs, *, step: int) -> StepResult:
        """Compute the terms of a step."""
        settings = self.settings
        contrasts = step >= settings.training.contrast_start and bool(settings.weight_lig or settings.weight_lil)
        segments = step >= settings.training.segmentation_start and bool(settings.weight_seg or settings.weight_reg)
        with self._autocast(inputs):
            output = models.network(inputs.weak)
            crop_embedding = models.network.projector(output.tokens.class_token)
        terms = {
            "cls": _classification(output.logits, inputs.labels),
            "aux": _classification(output.aux_logits, inputs.labels),
        }
        contrast = None
        if settings.weight_ptc or contrasts or segments:
            cams = self._teach(models.network, inputs, output.tokens)
            if settings.weight_ptc:
                terms["ptc"] = self._token_contrast(output.tokens, cams, inputs)
            if contrasts:
                tag_cam = cams.final if step >= settings.training.tag_source_switch else cams.auxiliary
                contrast = contrast_patches(models, inputs, crop_embedding, tag_cam, settings=settings)
                terms |= contrast.terms
            if segments:
                terms |= self._segmentation(output.segmentation, cams, inputs)
        weighted = [self.weights[name] * term for name, term in terms.items()]
        return StepResult(torch.stack(weighted).sum(), terms, crop_embedding.detach(), contrast)

    def _autocast(self, inputs: Inputs) -> torch.autocast:
        return autocast(inputs.weak.device, self.settings.training.precision)

    def _teach(self, network: SeCoNetwork, inputs: Inputs, tokens: Tokens) -> CamPair:
        """The global teacher: valid multi-scale CAM and CAM_aux ``[B, C, H, W]`` of the training crop."""

        def maps_of(images: Tensor, class_ids: Tensor) -> CamPair:
            with self._autocast(inputs):
                encoded = network.encoder(images)
            return network.activations(encoded, class_ids)

        sums = multi_scale_cam(
            maps_of,
            inputs.weak,
            inputs.class_ids,
            scales=self.settings.cam.scales,
            multiple=network.encoder.patch_size,
            known=network.activations(tokens, inputs.class_ids),
        )
        return CamPair(*(normalise_cam(cam, inside=inputs.inside) for cam in sums))

    def _token_contrast(self, tokens: Tokens, cams: CamPair, inputs: Inputs) -> Tensor:
        """L_ptc under the three-way map of CAM_aux at the size of the token grid."""
        cam = resize(cams.auxiliary, tokens.grid)
        inside = F.adaptive_avg_pool2d(inputs.inside.unsqueeze(1).float(), tokens.grid).squeeze(1) > 0.5
        labels = three_way_labels(cam, inputs.class_ids, inside, low=self.settings.cam.low, high=self.settings.cam.high)
        return token_contrast(tokens.final, labels.flatten(1))

    def _segmentation(self, logits: Tensor, cams: CamPair, inputs: Inputs) -> dict[str, Tensor]:
        """L_seg under the refined pseudo label, and L_reg, the energy of the prediction."""
        settings, rgb = self.settings, to_rgb(inputs.weak)
        logits = resize(logits, rgb.shape[-2:])  # [B, K + 1, H, W]
        terms: dict[str, Tensor] = {}
        if settings.weight_seg:
            labels = refine_labels(
                rgb,
                cams.final,
                inputs.class_ids,
                inputs.inside,
                low=settings.cam.low,
                high=settings.cam.high,
                par=self.par,
            )
            terms["seg"] = segmentation_loss(logits, labels)
        if settings.weight_reg:
            terms["reg"] = energy_loss(rgb, logits.softmax(dim=1), inputs.inside, weight=ENERGY_WEIGHT)
        return terms


def _classification(logits: Tensor, labels: Tensor) -> Tensor:
    """Multi-label soft margin of the logits ``[B, K]``."""
    return mean(F.multilabel_soft_margin_loss(full_precision(logits), labels, reduction="none"))
