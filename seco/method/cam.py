"""Class activation maps: from tokens to maps, over scales, and from maps to label maps.

Maps are made for the *present* classes alone. ``class_ids`` ``[B, C]`` names them, an image a row; C is the largest
number of classes that any image of the batch has, and 0 marks an empty slot, whose map stays zero.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seco.compute.resize import rescale, resize
from seco.storage.label_map import BACKGROUND, IGNORE

EPSILON = 1e-5

MapsOf = Callable[[Tensor, Tensor], Sequence[Tensor]]
"""Images ``[B, 3, H, W]`` and class ids ``[B, C]`` to one or more kinds of maps ``[B, C, h, w]``."""


def multi_hot(labels: Sequence[str], class_names: Sequence[str]) -> Tensor:
    """Return float32 ``[K]``: 1 for each class that is named."""
    return torch.tensor([float(name in labels) for name in class_names])


def present_classes(labels: Tensor) -> Tensor:
    """Turn multi-hot labels ``[B, K]`` into the ids ``[B, C]`` of each image's classes (1..K, 0 = empty slot).

    C depends on the values, so the labels should be on the host.
    """
    ids = torch.arange(1, labels.shape[1] + 1, device=labels.device)
    slots = max(int((labels > 0).sum(dim=1).max()), 1)
    return torch.where(labels > 0, ids, 0).sort(dim=1, descending=True).values[:, :slots]


def activation_maps(tokens: Tensor, weight: Tensor, class_ids: Tensor, grid: tuple[int, int]) -> Tensor:
    """``Wᵀ Z`` of eq. 1 for the present classes; ``multi_scale_cam`` applies its relu, after resizing.

    Args:
        tokens: ``[B, h·w, D]``.
        weight: the classifier's ``[K, D]``.
        class_ids: ``[B, C]``.
        grid: ``(h, w)``.

    Returns:
        ``[B, C, h, w]``, zero in empty slots.
    """
    rows = weight[(class_ids - 1).clamp(min=0)]  # [B, C, D]
    maps = torch.einsum("bcd,bnd->bcn", rows, tokens.to(rows.dtype))
    return (maps * (class_ids > 0).unsqueeze(-1)).unflatten(2, grid)


@torch.no_grad()
def multi_scale_cam(
    maps_of: MapsOf,
    images: Tensor,
    class_ids: Tensor,
    *,
    scales: Sequence[float],
    multiple: int,
    known: Sequence[Tensor] | None = None,
) -> list[Tensor]:
    """Sum CAMs over scales; at each scale take the maximum over the image and its mirror image, and the relu of eq. 1.

    Args:
        maps_of: returns the maps of a batch, of one or more kinds (CAM, CAM_aux).
        images: ``[B, 3, H, W]``.
        class_ids: ``[B, C]``.
        scales: factors of the image's size.
        multiple: the ViT's patch: the sides of the scaled images are rounded to it.
        known: the maps of ``images`` as they are (scale 1, not mirrored), where the caller already has them.

    Returns:
        For each kind, the un-normalised sum ``[B, C, H, W]``.
    """
    size = images.shape[-2:]
    total: list[Tensor] | None = None
    for scale in scales:
        scaled = rescale(images, scale, multiple=multiple)
        reuse = known if scaled.shape[-2:] == size else None
        plain, mirrored = _maps_of_both(maps_of, scaled, class_ids, reuse)
        fused = [
            torch.maximum(resize(one, size), resize(other, size).flip(-1)).relu()
            for one, other in zip(plain, mirrored, strict=True)
        ]
        total = fused if total is None else [sum_ + new for sum_, new in zip(total, fused, strict=True)]
    assert total is not None, "scales are checked to be non-empty where the settings are read"
    return total


def normalise_cam(cam: Tensor, *, inside: Tensor | None = None) -> Tensor:
    """Bring each class's map ``[B, C, H, W]`` to 0..1: minus its minimum, over its maximum.

    With ``inside`` (bool ``[B, H, W]``) only the real image counts, and padding becomes 0.
    """
    if inside is None:
        inside = torch.ones_like(cam[:, 0], dtype=torch.bool)
    real = inside.unsqueeze(1)
    lowest = cam.masked_fill(~real, torch.inf).amin(dim=(2, 3), keepdim=True)
    shifted = torch.where(real, cam - lowest, 0.0)
    return shifted / (shifted.amax(dim=(2, 3), keepdim=True) + EPSILON)


def three_way_labels(cam: Tensor, class_ids: Tensor, inside: Tensor, *, low: float, high: float) -> Tensor:
    """Label a normalised CAM as background, class or uncertain.

    Args:
        cam: ``[B, C, H, W]`` in 0..1.
        class_ids: ``[B, C]``.
        inside: bool ``[B, H, W]``.
        low: at or below it a pixel is background.
        high: above it a pixel has the class of the strongest map.

    Returns:
        Int64 ``[B, H, W]``: 0, a class id, or 255 where uncertain and outside the image.
    """
    strength, winner = strongest(cam, class_ids)
    labels = torch.where(strength > high, winner, IGNORE)
    labels = torch.where(strength <= low, BACKGROUND, labels)
    return torch.where(inside, labels, IGNORE)


def two_way_labels(cam: Tensor, class_ids: Tensor, *, background: float) -> Tensor:
    """Label a normalised CAM ``[B, C, H, W]`` as background or class with one threshold: int64 ``[B, H, W]``."""
    strength, winner = strongest(cam, class_ids)
    return torch.where(strength > background, winner, BACKGROUND)


def strongest(cam: Tensor, class_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest value of a CAM ``[B, C, H, W]`` and its class, ``[B, H, W]`` each; 0 where C is 0."""
    if cam.shape[1] == 0:
        cam, class_ids = cam.new_zeros(len(cam), 1, *cam.shape[2:]), class_ids.new_zeros(len(cam), 1)
    strength, slot = cam.max(dim=1)  # [B, H, W] each
    winner = class_ids.gather(1, slot.flatten(1)).view_as(slot)
    return strength, winner


def strongest_activation(maps: Tensor, inside: Tensor) -> Tensor:
    """Return, from 0 to 1 in each image, how strongly the class that responds most does: ``[B, H, W]``.

    Args:
        maps: ``Wᵀ Z`` of all classes ``[B, K, h, w]``.
        inside: bool ``[B, H, W]``; it is 0 elsewhere, and everywhere in an image that no class responds to.
    """
    highest = maps.amax(dim=1, keepdim=True)
    return normalise_cam(resize(highest, inside.shape[-2:]).relu(), inside=inside).squeeze(1)


def inside_mask(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Turn the boxes ``[B, 4]`` (top, left, bottom, right; pixels) of the real images into bool ``[B, H, W]``."""
    top, left, bottom, right = (edge.view(-1, 1, 1) for edge in boxes.unbind(dim=1))
    rows = torch.arange(size[0], device=boxes.device).view(1, -1, 1)
    columns = torch.arange(size[1], device=boxes.device).view(1, 1, -1)
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def _maps_of_both(
    maps_of: MapsOf, images: Tensor, class_ids: Tensor, known: Sequence[Tensor] | None
) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Return the maps of the images, if not known, and those of their mirror images."""
    if known is not None:
        return known, maps_of(images.flip(-1), class_ids)
    count = len(images)
    both = maps_of(torch.cat([images, images.flip(-1)]), torch.cat([class_ids, class_ids]))
    return [maps[:count] for maps in both], [maps[count:] for maps in both]
