"""What stands for a patch in place of its own tokens: the tokens of its crop under it, of which CAMs are made."""

from typing import Literal

import torch
from torch import Tensor

from seco.models.encoder import Tokens

TokenSource = Literal["patch", "crop"]
"""``patch``: each patch is encoded alone, and its class token stands for it (sec. 3.3). ``crop``: beyond the paper."""
PatchLabels = Literal["tags", "background"]
"""What classified patches teach: the class of their tag, or only that background patches show no class."""


def tokens_under(crop: Tokens, corners: Tensor, *, patch_size: int, token_size: int) -> Tokens:
    """Return the means of a crop's tokens under its patches; a token counts by the area that it shares with the patch.

    In training, class tokens of patches learn to separate a class from its context while the tokens of the CAM do not
    (docs/results.md). These means are made of the CAM's tokens, so that what a contrast teaches reaches them.

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
