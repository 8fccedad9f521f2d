"""The tokens that stand for a patch: its own, or those of its crop under it."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from seco.compute.resize import rescale
from seco.method.patches import crop_patches, flip_patches
from seco.models.encoder import Encoder, Tokens

TokenSource = Literal["patch", "crop"]


class PatchEncoding(NamedTuple):
    """How patches become tokens."""

    source: TokenSource
    """``patch``: each is encoded alone, and its class token stands for it (sec. 3.3). ``crop``, beyond the paper: the
    mean of its crop's tokens under it. CAMs are made of these tokens, so that what a contrast teaches reaches them."""
    size: int
    """Side of a patch in pixels."""
    scale: float
    """Factor by which patches are resized before they are encoded alone."""

    def tokens(
        self, encoder: Encoder, images: Tensor, corners: Tensor, crop: Tokens, *, mirror: Tensor | None = None
    ) -> Tokens:
        """Return the tokens of patches, ``B·n`` of them.

        Args:
            encoder: a student's or a teacher's.
            images: the crops, ``[B, 3, H, W]``.
            corners: the top left pixel of each patch, ``[B, n, 2]``.
            crop: tokens of the crops, by the same encoder.
            mirror: uniform draws ``[B, n]``: below ½, a patch that is encoded alone is mirrored; None: none is.
        """
        if self.source == "crop":
            return tokens_under(crop, corners, patch_size=self.size, token_size=encoder.patch_size)
        patches = crop_patches(images, corners, patch_size=self.size)  # [B, n, 3, s, s]
        patches = patches if mirror is None else flip_patches(patches, mirror)
        return encoder(rescale(patches.flatten(0, 1), self.scale, multiple=encoder.patch_size))


def tokens_under(crop: Tokens, corners: Tensor, *, patch_size: int, token_size: int) -> Tokens:
    """Return the means of a crop's tokens under its patches; a token counts by the area that it shares with the patch.

    Args:
        crop: tokens of the crops, ``[B, h·w, D]``.
        corners: the top left pixels of the patches, ``[B, n, 2]``.
        patch_size: side of a patch in pixels.
        token_size: side of a token in pixels.

    Returns:
        One token a patch, ``[B·n, 1, D]``, which is its class token ``[B·n, D]`` as well.
    """
    rows, columns = (
        _shares(starts, count, patch_size=patch_size, token_size=token_size)
        for starts, count in zip(corners.unbind(dim=-1), crop.grid, strict=True)
    )
    weights = (rows.unsqueeze(3) * columns.unsqueeze(2)).flatten(2)  # [B, n, h·w]
    final, intermediate = (
        torch.bmm(weights.to(tokens.dtype), tokens).flatten(0, 1) for tokens in (crop.final, crop.intermediate)
    )
    return Tokens(final, final.unsqueeze(1), intermediate.unsqueeze(1), (1, 1))


def _shares(starts: Tensor, count: int, *, patch_size: int, token_size: int) -> Tensor:
    """Return which share of patches that start at ``[B, n]`` lies on each of ``count`` tokens: ``[B, n, count]``."""
    edges = torch.arange(count, device=starts.device) * token_size
    begins = torch.maximum(edges, starts.unsqueeze(2))
    ends = torch.minimum(edges + token_size, starts.unsqueeze(2) + patch_size)
    return (ends - begins).clamp(min=0) / patch_size
