"""L_LiL: patches against patches, those of the batch and those of the reservoir (eq. 8)."""

from typing import Literal

import torch
from torch import Tensor

from seco.compute.device import full_precision
from seco.losses.reduction import group_mean, masked_mean
from seco.method.tags import UNCERTAIN
from seco.storage.label_map import BACKGROUND

Average = Literal["pairs", "queries", "tags"]


def local_contrast(
    queries: Tensor,
    tags: Tensor,
    keys: Tensor,
    key_tags: Tensor,
    *,
    temperature: float,
    average: Average,
    background: bool,
    num_classes: int,
) -> Tensor:
    """Mean, over the pairs of one tag, of minus the log-softmax of their similarity among all tagged entries.

    Uncertain queries and entries are left out altogether. Eq. 8 does not say over what the mean is taken:

    - ``pairs``: over all pairs of the batch. A tag counts by the square of its patches, so background decides.
    - ``queries``: over the positives of each query, then over queries. A tag counts by its patches.
    - ``tags``: as ``queries``, then over the tags that have any. Each tag counts the same.

    Args:
        queries: ``[M, D]``, unit length.
        tags: ``[M]``, rectified.
        keys: ``[R, D]``: the batch's keys and the reservoir.
        key_tags: ``[R]``, -1 where uncertain or unfilled.
        temperature: τ_l.
        average: over what the mean is taken.
        background: whether background patches are queries, and positives of each other. They always are negatives.
        num_classes: K.

    Returns:
        Scalar; 0 with a graph where no query has a positive.
    """
    known = key_tags != UNCERTAIN  # [R]
    positive = (tags.unsqueeze(1) == key_tags.unsqueeze(0)) & known  # [M, R]; carries M_f of eq. 8
    if not background:
        positive = positive & (tags != BACKGROUND).unsqueeze(1)
    # A query without positive sees every entry: an empty row would turn the softmax and all gradients into NaN.
    visible = known | ~positive.any(dim=1, keepdim=True)
    logits = full_precision(queries) @ full_precision(keys).T / temperature  # [M, R]
    costs = -logits.masked_fill(~visible, -torch.inf).log_softmax(dim=1)
    if average == "pairs":
        return masked_mean(costs, positive)
    count = positive.sum(dim=1)  # [M]
    per_query = torch.where(positive, costs, 0.0).sum(dim=1) / count.clamp(min=1)
    if average == "queries":
        return masked_mean(per_query, count > 0)
    return group_mean(per_query, count > 0, groups=tags, num_groups=num_classes + 1)
