"""Separate: where an image is cut into patches (sec. 3.3)."""

import torch
from torch import Tensor


def sample_patches(wanted: Tensor, boxes: Tensor, draws: Tensor, *, patch_size: int) -> Tensor:
    """Draw patches that are centred on wanted pixels.

    Centres are drawn with replacement, among those whose patch lies inside the image. An image with fewer than n
    wanted centres draws from all its pixels. An image smaller than a patch gets the corner nearest to it.

    Args:
        wanted: bool ``[B, H, W]``, the pixels to centre patches on.
        boxes: ``[B, 4]``, the real image in the crop (top, left, bottom, right; pixels).
        draws: float64 ``[B, n]``, uniform in 0..1: the share of the allowed centres, row by row, that lies before each
            patch's.
        patch_size: side in pixels.

    Returns:
        Int64 ``[B, n, 2]``: row and column of each patch's top left pixel.
    """
    allowed = _allowed_corners(wanted, boxes, patch_size)
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

    The strong view may be mirrored only here, after its patches are cut: mirrored as a whole it would no longer lie on
    the label map that tags the patches.
    """
    return torch.where((draws < 0.5)[..., None, None, None], patches.flip(-1), patches)


def _centres(pixels: Tensor, patch_size: int) -> Tensor:
    """Return the pixel at the centre of the patch of each possible corner: ``[B, H', W']``."""
    half = patch_size // 2
    height, width = (side - patch_size + 1 for side in pixels.shape[-2:])
    return pixels[:, half : half + height, half : half + width]


def _allowed_corners(pixels: Tensor, boxes: Tensor, patch_size: int) -> Tensor:
    """Return bool ``[B, H', W']``: the corners whose patch lies inside the real image, at least one per image."""
    top, left, bottom, right = (edge.view(-1, 1, 1) for edge in boxes.unbind(dim=1))
    last_row, last_column = (side - patch_size for side in pixels.shape[-2:])
    rows = torch.arange(last_row + 1, device=pixels.device).view(1, -1, 1)
    columns = torch.arange(last_column + 1, device=pixels.device).view(1, 1, -1)
    # An image smaller than the patch has no such corner: take the nearest one that the crop has.
    first_row, first_column = top.clamp(max=last_row), left.clamp(max=last_column)
    vertical = (rows >= first_row) & (rows <= torch.maximum(first_row, bottom - patch_size))
    horizontal = (columns >= first_column) & (columns <= torch.maximum(first_column, right - patch_size))
    return vertical & horizontal
