"""Separate: where an image is cut into patches (sec. 3.3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seco.method.cam import inside_mask


def sample_patches(wanted: Tensor, boxes: Tensor, draws: Tensor, *, patch_size: int) -> Tensor:
    """Draw patches that are centred on wanted pixels.

    Centres are drawn with replacement, among those whose patch lies inside the image. An image with fewer than n
    wanted centres draws from all its pixels. An image smaller than a patch gets the corner nearest to it.

    Args:
        wanted: bool ``[B, H, W]``, the pixels to centre patches on.
        boxes: ``[B, 4]``, the real image in the crop (top, left, bottom, right; pixels).
        draws: float64 ``[B, n]``, uniform in 0..1: each patch's position in the row-by-row list of centres.
        patch_size: side in pixels.

    Returns:
        Int64 ``[B, n, 2]``: row and column of each patch's top left pixel.
    """
    allowed = _allowed_corners(boxes, wanted.shape[1:], patch_size)
    chosen = allowed & _centres(wanted, patch_size)
    enough = chosen.flatten(1).sum(dim=1) >= draws.shape[1]
    centres = torch.where(enough.view(-1, 1, 1), chosen, allowed).flatten(1)
    places = centres.cumsum(dim=1)  # [B, H'·W']: how many centres there are up to each corner, itself included
    picks = torch.searchsorted(places, (draws * places[:, -1:]).long(), right=True)
    columns = allowed.shape[2]
    return torch.stack([picks // columns, picks % columns], dim=-1)


def crop_patches(images: Tensor, corners: Tensor, *, patch_size: int) -> Tensor:
    """Cut patches out of images or label maps.

    Args:
        images: ``[B, ..., H, W]``.
        corners: ``[B, n, 2]`` from ``sample_patches``.
        patch_size: side in pixels.

    Returns:
        ``[B, n, ..., patch_size, patch_size]``.
    """
    windows = images.unfold(-2, patch_size, 1).unfold(-2, patch_size, 1)  # [B, ..., H', W', s, s], a view
    windows = windows.movedim((-4, -3), (1, 2))  # [B, H', W', ..., s, s]
    rows, columns = corners.unbind(dim=-1)  # [B, n] each
    batch = torch.arange(len(images), device=images.device).unsqueeze(1)
    return windows[batch, rows, columns]


def flip_patches(patches: Tensor, draws: Tensor) -> Tensor:
    """Mirror each patch ``[B, n, 3, s, s]`` whose draw ``[B, n]``, uniform in 0..1, lies below ½.

    The strong view may be mirrored only here, after its patches are cut: mirrored as a whole, it would not match the
    label map that tags the patches.
    """
    return torch.where((draws < 0.5)[..., None, None, None], patches.flip(-1), patches)


def _centres(pixels: Tensor, patch_size: int) -> Tensor:
    """Return the pixel at the centre of the patch of each possible corner: ``[B, H', W']``."""
    half = patch_size // 2
    height, width = (side - patch_size + 1 for side in pixels.shape[-2:])
    return pixels[:, half : half + height, half : half + width]


def _allowed_corners(boxes: Tensor, size: Sequence[int], patch_size: int) -> Tensor:
    """Return bool ``[B, H', W']``: the corners whose patch lies inside the real image, at least one per image."""
    rows, columns = (side - patch_size + 1 for side in size)
    top, left, bottom, right = boxes.unbind(dim=1)
    # An image smaller than the patch has no such corner: take the nearest one that the crop has.
    top, left = top.clamp(max=rows - 1), left.clamp(max=columns - 1)
    bottom, right = torch.maximum(top, bottom - patch_size) + 1, torch.maximum(left, right - patch_size) + 1
    return inside_mask(torch.stack([top, left, bottom, right], dim=1), (rows, columns))
