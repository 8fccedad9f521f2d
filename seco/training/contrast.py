"""Separate and conquer, for one batch: patches, tags, queries, keys, and the two contrasts (sec. 3.3 to 3.5)."""

from typing import NamedTuple

import torch
from torch import Tensor

from seco.cam import three_way_labels
from seco.config import Settings
from seco.device import autocast
from seco.distributed import gather
from seco.losses.global_contrast import global_contrast
from seco.losses.local_contrast import local_contrast
from seco.models.teacher import LocalTeacher
from seco.patches import crop_patches, flip_patches, sample_patches
from seco.tags import rectify_tags, tag_images, tag_patches
from seco.training.inputs import Inputs
from seco.training.models import Models


class Contrast(NamedTuple):
    """The contrast terms of a batch, and what the reservoir takes up after the step."""

    terms: dict[str, Tensor]
    keys: Tensor | None
    """Of the local teacher, of the whole batch on all ranks: ``[M, D]``; None where L_LiL is switched off."""
    key_tags: Tensor | None
    """``[M]``, after eq. 7."""
    rectified_tags: Tensor
    """``[B·V]``, after eq. 7."""
    raw_patch_tags: Tensor
    """``[B, num_patches]``, as the CAM gave them, for the log."""


class _PatchViews(NamedTuple):
    weak: Tensor
    """``[B, n, 3, s, s]``."""
    strong: Tensor
    tags: Tensor
    """``[B, n]``."""


def contrast_patches(
    models: Models,
    inputs: Inputs,
    crop_embedding: Tensor,
    tag_cam: Tensor,
    *,
    settings: Settings,
) -> Contrast:
    """Cut, tag and contrast the patches of a batch. Changes no state.

    Args:
        models: network, teacher and memory as the last step left them.
        inputs: the batch.
        crop_embedding: ``[B, D]``, the queries of the training crops, from the pass that also classified them.
        tag_cam: ``[B, C, H, W]``, the valid CAM that tags patches.
        settings: the run's settings.
    """
    prototypes, reservoir = models.prototypes, models.reservoir
    views = _separate(inputs, tag_cam, settings)
    image_tags = tag_images(inputs.labels).unsqueeze(1)  # [B, 1]
    tags = torch.cat([views.tags, image_tags, image_tags], dim=1).flatten()  # [B·V]
    with autocast(inputs.weak.device, settings.training.precision):
        patches = models.network.embed(views.weak.flatten(0, 1))
        queries = _join(patches, crop_embedding, models.network.embed(inputs.second))
    keys, key_tags, terms = None, None, {}
    if settings.weight_lil and settings.use_rectification:
        tags = rectify_tags(queries, tags, reservoir.keys, reservoir.tags, threshold=settings.rectify_threshold)
    if settings.weight_lig:
        terms["lig"] = global_contrast(
            queries, tags, prototypes.vectors, prototypes.seen, temperature=settings.tau_global
        )
    if settings.weight_lil:
        own = _keys(models.teacher, inputs, views.strong, precision=settings.training.precision)
        batch_size = settings.training.batch_size
        keys, key_tags = gather(own, total=batch_size), gather(tags, total=batch_size)
        entries, entry_tags = torch.cat([keys, reservoir.keys]), torch.cat([key_tags, reservoir.tags])
        terms["lil"] = local_contrast(queries, tags, entries, entry_tags, temperature=settings.tau_local)
    return Contrast(terms, keys, key_tags, tags, views.tags)


def _keys(teacher: LocalTeacher, inputs: Inputs, strong_patches: Tensor, *, precision: str) -> Tensor:
    """Return the local teacher's embeddings ``[B·V, D]`` of all views; the crops in their strong colours too."""
    with autocast(inputs.weak.device, precision):
        patches = teacher.embed(strong_patches.flatten(0, 1))
        return _join(patches, teacher.embed(inputs.strong), teacher.embed(inputs.second))


def _separate(inputs: Inputs, tag_cam: Tensor, settings: Settings) -> _PatchViews:
    label_map = three_way_labels(tag_cam, inputs.class_ids, inputs.inside, low=settings.cam.low, high=settings.cam.high)
    size = settings.patch_size
    centre, mirror = inputs.draws.unbind(dim=-1)  # [B, n] each
    corners = sample_patches(label_map, inputs.boxes, centre, patch_size=size)
    tags = tag_patches(
        label_map, inputs.class_ids, inputs.inside, corners, patch_size=size, threshold=settings.tag_threshold
    )
    strong = flip_patches(crop_patches(inputs.strong, corners, patch_size=size), mirror)
    return _PatchViews(crop_patches(inputs.weak, corners, patch_size=size), strong, tags)


def _join(patches: Tensor, crops: Tensor, seconds: Tensor) -> Tensor:
    """Line up the embeddings of patches ``[B·n, D]`` and of both whole-image views ``[B, D]``, image by image."""
    batch = len(crops)
    views = [patches.unflatten(0, (batch, -1)), crops.unsqueeze(1), seconds.unsqueeze(1)]
    return torch.cat(views, dim=1).flatten(0, 1)  # [B·V, D]
