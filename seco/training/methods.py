"""The training methods: which parts each objective has, and which settings each part gets.

A new method is a row of ``METHODS``; a new loss term is a part in a file of its own, and a row here that builds it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from seco.compute.device import require_compiler
from seco.config.settings import Settings
from seco.models.encoder import Encoder, build_encoder
from seco.models.heads import DirectionProjector, Projector
from seco.models.network import SeCoNetwork
from seco.models.patch_tokens import PatchEncoding
from seco.training.objective import Objective, Part
from seco.training.parts.class_tokens import ClassTokenContrast
from seco.training.parts.classification import Classification
from seco.training.parts.online_segmentation import OnlineSegmentation
from seco.training.parts.patch_contrast import PatchContrast
from seco.training.parts.supervision import Supervision
from seco.training.parts.tagged_patches import PatchCutter
from seco.training.parts.token_relations import TokenRelations

BuildPart = Callable[[Settings, SeCoNetwork], Part]


class Method(NamedTuple):
    """A way to train the network."""

    parts: Mapping[str, BuildPart]
    """By the name under which a run's saved state holds each."""
    projector: Callable[..., nn.Module] | None
    """Built from the encoder's width and ``hidden``; maps class tokens ``[..., D]`` to what is contrasted, if any."""


class Models(NamedTuple):
    """The network, and the objective with the buffers of its parts."""

    network: SeCoNetwork
    objective: Objective

    def modules(self) -> dict[str, nn.Module]:
        """Return both by name, for the run's saved state."""
        return {"network": self.network, "objective": self.objective}

    def set_compiled(self, compiled: bool) -> None:
        """Compile the encoders of student and teachers, or let them run eager again; no weight changes."""
        for module in (*self.network.modules(), *self.objective.modules()):
            if isinstance(module, Encoder):
                module.set_compiled(compiled)


def build_models(settings: Settings, *, num_classes: int, device: torch.device) -> Models:
    """Build the network and the objective of ``settings.method``; random weights depend on the seed alone.

    With ``train.compile: auto`` the encoders are not compiled yet.

    Raises:
        SecoError: the backbone cannot be built, or torch.compile is asked for and does not work here.
    """
    backbone, method = settings.backbone, METHODS[settings.method]
    pretrained = backbone.pretrained if isinstance(backbone.pretrained, bool) else Path(backbone.pretrained)
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(settings.seed)
        encoder = build_encoder(
            backbone.name,
            pretrained=pretrained,
            depth=backbone.depth,
            normalisation=backbone.normalisation,
            antialias=backbone.antialias,
        )
        network = SeCoNetwork(encoder, num_classes=num_classes, pool_sharpness=settings.cam.pool_sharpness)
        if method.projector is not None:
            network.projector = method.projector(encoder.width, hidden=backbone.projector_width)
        objective = Objective({name: build(settings, network) for name, build in method.parts.items()})
    network.encoder.vit.set_grad_checkpointing(settings.train.activation_checkpointing)
    models = Models(network.to(device), objective.to(device))
    if settings.train.compile is True:
        require_compiler(device)
        models.set_compiled(True)
    return models


def _classification(_settings: Settings, _network: SeCoNetwork) -> Part:
    return Classification()


def _token_relations(settings: Settings, _network: SeCoNetwork) -> Part:
    return TokenRelations(weight=settings.weight_ptc, low=settings.cam.low, high=settings.cam.high)


def _online_segmentation(settings: Settings, _network: SeCoNetwork) -> Part:
    return OnlineSegmentation(
        weight_seg=settings.weight_seg,
        weight_reg=settings.weight_reg,
        energy_pixels=settings.energy_pixels,
        mask_weight=settings.train.mask_weight,
        start=settings.train.segmentation_start,
        low=settings.cam.low,
        high=settings.cam.high,
    )


def _class_token_contrast(settings: Settings, network: SeCoNetwork) -> Part:
    return ClassTokenContrast(network, **settings.toco.model_dump(), low=settings.cam.low, high=settings.cam.high)


def _patch_contrast(settings: Settings, network: SeCoNetwork) -> Part:
    cutter = PatchCutter(
        patch_size=settings.patch_size,
        num_patches=settings.num_patches,
        centres=settings.patch_centres,
        negatives=settings.negative_patches,
        low=settings.cam.low,
        high=settings.cam.high,
        threshold=settings.tag_threshold,
        settle_uncertain=settings.settle_uncertain,
    )
    rectifies = settings.use_rectification and settings.weight_lil > 0  # eq. 7 needs the reservoir
    return PatchContrast(
        network,
        cutter,
        encoding=PatchEncoding(settings.patch_tokens, settings.patch_size, settings.patch_scale),
        weight_lig=settings.weight_lig,
        weight_lil=settings.weight_lil,
        weight_patch=settings.weight_patch,
        patch_labels=settings.patch_labels,
        prototype_start=settings.train.prototype_start,
        contrast_start=settings.train.contrast_start,
        contrast_ramp=settings.train.contrast_ramp,
        tag_source_switch=settings.train.tag_source_switch,
        rectify_threshold=settings.rectify_threshold if rectifies else None,
        reservoir_size=settings.reservoir_size,
        prototype_momentum=settings.prototype_momentum,
        prototype_update=settings.prototype_update,
        teacher_momentum=settings.teacher_momentum,
        tau_global=settings.tau_global,
        tau_local=settings.tau_local,
        lil_average=settings.lil_average,
        lil_background=settings.lil_background,
        batch_size=settings.train.batch_size,
        record_every=settings.train.log_every,
        judge_tags=settings.train.judge_tags,
        oracle_tags=settings.train.oracle_tags,
    )


METHODS: dict[str, Method] = {
    # eq. 9: Tables 2 and 3
    "seco": Method(
        {
            "classification": _classification,
            "tokens": _token_relations,
            "patches": _patch_contrast,
            "segmentation": _online_segmentation,
        },
        Projector,
    ),
    # the rival of Table 3 (Ru et al., CVPR 2023)
    "toco": Method(
        {
            "classification": _classification,
            "tokens": _token_relations,
            "crops": _class_token_contrast,
            "segmentation": _online_segmentation,
        },
        DirectionProjector,
    ),
    # Table 2's first row
    "baseline": Method({"classification": _classification, "segmentation": _online_segmentation}, None),
    # Table 5's upper bound
    "full": Method({"supervision": lambda _settings, _network: Supervision()}, None),
}
