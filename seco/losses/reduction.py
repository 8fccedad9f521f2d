"""Means over all ranks: the one place where losses average."""

import torch
from torch import Tensor

from seco.compute.distributed import sum_over_ranks


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return this rank's part of the mean of ``values`` where ``mask`` is true.

    The mean is taken over the masked values of all ranks, and the ranks' parts add up to it: N processes compute the
    same loss as one, and the same gradient once their gradients are summed. Exactly 0, with a graph, where the mask is
    empty.
    """
    count = sum_over_ranks(mask.sum())
    return torch.where(mask, values, 0.0).sum() / count.clamp(min=1)


def mean(values: Tensor) -> Tensor:
    """Return this rank's part of the mean of ``values``, as ``masked_mean`` does."""
    return masked_mean(values, torch.ones_like(values, dtype=torch.bool))


def group_mean(values: Tensor, mask: Tensor, *, groups: Tensor, num_groups: int) -> Tensor:
    """Return this rank's part of the mean over groups of their means.

    Args:
        values: ``[M]``.
        mask: bool ``[M]``: which of them count.
        groups: int64 ``[M]``, from 0 where ``mask`` is true.
        num_groups: how many groups there may be; one without values is left out.
    """
    places = groups.clamp(min=0)
    sizes = sum_over_ranks(torch.zeros(num_groups, device=values.device).index_add(0, places, mask.float()))
    weights = mask / sizes.clamp(min=1)[places] / (sizes > 0).sum().clamp(min=1)
    return torch.where(mask, values * weights, 0.0).sum()
