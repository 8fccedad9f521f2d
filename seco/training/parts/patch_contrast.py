"""Separate and conquer: patches, tags, queries, keys, and the two contrasts (sec. 3.3 to 3.5)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.distributed import gather
from seco.config.settings import Settings
from seco.losses.classification import patch_classification
from seco.losses.global_contrast import global_contrast
from seco.losses.local_contrast import local_contrast
from seco.method.cam import three_way_labels
from seco.method.memory import Prototypes, Reservoir
from seco.method.patches import crop_patches, flip_patches, sample_patches
from seco.method.tags import bear_out, rectify_tags, tag_images, tag_patches
from seco.models.encoder import Tokens
from seco.models.network import SeCoNetwork
from seco.models.teacher import LocalTeacher
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.training.inputs import Inputs
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part
from seco.training.parts.tag_counts import Counts, count_tags, judge_tags
from seco.training.views import View


class Contrast(NamedTuple):
    """The contrast terms of a batch, and what the reservoir takes up after the step."""

    terms: dict[str, Tensor]
    keys: Tensor | None
    """Of the local teacher, of the whole batch on all ranks: ``[M, D]``; None where L_LiL is switched off."""
    key_tags: Tensor | None
    """``[M]``, after eq. 7."""
    rectified_tags: Tensor
    """``[B·V]``, after eq. 7."""
    patch_embeddings: Tensor
    """``[B·num_patches, D]``, the queries among them that are of patches."""
    raw_patch_tags: Tensor
    """``[B, num_patches]``, as the CAM gave them."""
    corners: Tensor
    """``[B, num_patches, 2]``, where the patches lie in the crops."""


class PatchUptake(NamedTuple):
    """What prototypes and reservoir take up of a step."""

    embeddings: Tensor | None
    """``Z`` of eq. 3 ``[M, D]``, of this rank's images or patches; None before the prototypes begin."""
    labels: Tensor
    """``[M, K]``, the classes that each shows."""
    contrast: Contrast | None
    """None before the contrasts begin."""


class _PatchViews(NamedTuple):
    weak: Tensor
    """``[B, n, 3, s, s]``."""
    strong: Tensor
    tags: Tensor
    """``[B, n]``."""
    corners: Tensor
    """``[B, n, 2]``."""


class PatchContrast(Part):
    """L_LiG and L_LiL, with local teacher, prototypes and reservoir; beyond the paper, patches are classified too."""

    def __init__(self, settings: Settings, network: SeCoNetwork) -> None:
        super().__init__(settings, network)
        width = network.encoder.width
        self.teacher = LocalTeacher(network)
        self.prototypes = Prototypes(network.num_classes, width)
        self.reservoir = Reservoir(settings.reservoir_size, width)

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:
        """Return α, β, and the weight of what patches teach the classifiers."""
        return {"lig": settings.weight_lig, "lil": settings.weight_lil, "patch": settings.weight_patch}

    @staticmethod
    def views(settings: Settings) -> frozenset[View]:
        """Return the two other views, and the true mask where tags are judged by it."""
        return frozenset({"strong", "second", "mask"} if settings.train.judge_tags else {"strong", "second"})

    @staticmethod
    def num_draws(settings: Settings) -> int:
        """Return one for each patch."""
        return settings.num_patches

    def forward(self, crops: CropPass) -> Contribution:
        """Embed the crops from ``train.prototype_start`` on, contrast from ``train.contrast_start`` on."""
        training, step = crops.settings.train, crops.step
        if step < training.prototype_start:
            return Contribution(uptake=PatchUptake(None, crops.inputs.labels, None))
        with crops.autocast():
            embedding = crops.network.projector(crops.output.tokens.class_token)
        uptake = PatchUptake(embedding.detach(), crops.inputs.labels, None)
        if step < training.contrast_start:
            return Contribution(uptake=uptake)
        cam = crops.cams.final if step >= training.tag_source_switch else crops.cams.auxiliary
        contrast = self.contrast(crops, embedding, cam)
        uptake = uptake._replace(contrast=contrast)
        if crops.settings.prototype_update == "patches":
            tags = _of_patches(contrast.rectified_tags, contrast.raw_patch_tags).flatten()
            labels = F.one_hot(tags.clamp(min=BACKGROUND), crops.network.num_classes + 1)[:, 1:]
            uptake = uptake._replace(embeddings=contrast.patch_embeddings, labels=labels)
        return Contribution(contrast.terms, uptake, _counts(contrast, crops))

    def contrast(self, crops: CropPass, crop_embedding: Tensor, tag_cam: Tensor) -> Contrast:
        """Cut, tag and contrast the patches of a batch.

        Args:
            crops: the pass over the training crops.
            crop_embedding: ``[B, D]``, their queries.
            tag_cam: ``[B, C, H, W]``, the valid CAM that tags patches.
        """
        inputs, settings, network = crops.inputs, crops.settings, crops.network
        views = _separate(inputs, tag_cam, settings)
        image_tags = tag_images(inputs.labels).unsqueeze(1)  # [B, 1]
        tags = torch.cat([views.tags, image_tags, image_tags], dim=1).flatten()  # [B·V]
        with crops.autocast():
            tokens: Tokens = network.encoder(views.weak.flatten(0, 1))
            patches = network.projector(tokens.class_token)
            queries = _join(patches, crop_embedding, network.embed(inputs.second))
        keys, key_tags, terms = None, None, {}
        if settings.weight_lil and settings.use_rectification:
            tags = rectify_tags(
                queries, tags, self.reservoir.keys, self.reservoir.tags, threshold=settings.rectify_threshold
            )
        if settings.weight_patch:
            own = _of_patches(tags, views.tags).flatten()
            with crops.autocast():
                logits, aux_logits = network.classify(tokens)
            terms["patch"] = patch_classification(logits, own) + patch_classification(aux_logits, own)
        if settings.weight_lig:
            terms["lig"] = global_contrast(
                queries, tags, self.prototypes.vectors, self.prototypes.seen, temperature=settings.tau_global
            )
        if settings.weight_lil:
            batch_size = settings.train.batch_size
            keys = gather(self._keys(crops, views.strong), total=batch_size)
            key_tags = gather(tags, total=batch_size)
            entries, entry_tags = torch.cat([keys, self.reservoir.keys]), torch.cat([key_tags, self.reservoir.tags])
            terms["lil"] = local_contrast(queries, tags, entries, entry_tags, temperature=settings.tau_local)
        return Contrast(terms, keys, key_tags, tags, patches.detach(), views.tags, views.corners)

    def take_up(self, uptake: PatchUptake, network: SeCoNetwork, settings: Settings) -> None:
        """Move the prototypes, then the reservoir, then the local teacher."""
        if uptake.embeddings is not None:
            batch_size = settings.train.batch_size
            self.prototypes.update(
                gather(uptake.embeddings, total=batch_size),
                gather(uptake.labels, total=batch_size),
                momentum=settings.prototype_momentum,
                mode=settings.prototype_update,
            )
        contrast = uptake.contrast
        if contrast is not None and contrast.keys is not None and contrast.key_tags is not None:
            self.reservoir.enqueue(contrast.keys, contrast.key_tags)
        self.teacher.update(network, momentum=settings.teacher_momentum)

    def _keys(self, crops: CropPass, strong_patches: Tensor) -> Tensor:
        """Return the local teacher's embeddings ``[B·V, D]`` of all views; the crops in their strong colours too."""
        with crops.autocast():
            patches = self.teacher.embed(strong_patches.flatten(0, 1))
            return _join(patches, self.teacher.embed(crops.inputs.strong), self.teacher.embed(crops.inputs.second))


def _separate(inputs: Inputs, tag_cam: Tensor, settings: Settings) -> _PatchViews:
    label_map = three_way_labels(tag_cam, inputs.class_ids, inputs.inside, low=settings.cam.low, high=settings.cam.high)
    size = settings.patch_size
    centre, mirror = inputs.draws.unbind(dim=-1)  # [B, n] each
    wanted = label_map == IGNORE if settings.patch_centres == "uncertain" else inputs.inside
    corners = sample_patches(wanted, inputs.boxes, centre, patch_size=size)
    tags = tag_patches(
        *(label_map, inputs.class_ids, inputs.inside, corners),
        patch_size=size,
        threshold=settings.tag_threshold,
        settle=settings.settle_uncertain,
    )
    strong = flip_patches(crop_patches(inputs.strong, corners, patch_size=size), mirror)
    return _PatchViews(crop_patches(inputs.weak, corners, patch_size=size), strong, tags, corners)


def _join(patches: Tensor, crops: Tensor, seconds: Tensor) -> Tensor:
    """Line up the embeddings of patches ``[B·n, D]`` and of both whole-image views ``[B, D]``, image by image."""
    batch = len(crops)
    views = [patches.unflatten(0, (batch, -1)), crops.unsqueeze(1), seconds.unsqueeze(1)]
    return torch.cat(views, dim=1).flatten(0, 1)  # [B·V, D]


def _of_patches(tags: Tensor, patches: Tensor) -> Tensor:
    """Return, of the tags ``[B·V]`` of all views, those of the patches ``[B, n]``."""
    return tags.view(len(patches), -1)[:, : patches.shape[1]]


def _counts(contrast: Contrast, crops: CropPass) -> Counts:
    before, settings = contrast.raw_patch_tags, crops.settings
    after = _of_patches(contrast.rectified_tags, before)
    counts = count_tags(before, after)
    if settings.train.judge_tags:
        masks, size = crops.inputs.masks, settings.patch_size
        right = bear_out(before, masks, contrast.corners, patch_size=size, threshold=settings.tag_threshold)
        counts |= judge_tags(before, after, right, num_classes=crops.network.num_classes)
    return counts
