"""L_LiL: patches against patches, those of the batch and those of the reservoir (eq. 8)."""

import torch
from torch import Tensor

from seco.compute.device import full_precision
from seco.losses.reduction import masked_mean
from seco.method.tags import UNCERTAIN


def local_contrast(queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor, *, temperature: float) -> Tensor:
    """Mean, over all pairs of one tag, of the log-softmax of their similarity among all tagged entries.

    Background patches are positives of each other. Uncertain queries and entries are left out altogether.

    Args:
        queries: ``[M, D]``, unit length.
        tags: ``[M]``, rectified.
        keys: ``[R, D]``: the batch's keys and the reservoir.
        key_tags: ``[R]``, -1 where uncertain or unfilled.
        temperature: τ_l.

    Returns:
        Scalar; 0 with a graph where no query has a positive.
    """
    known = key_tags != UNCERTAIN  # [R]
    positive = (tags.unsqueeze(1) == key_tags.unsqueeze(0)) & known  # [M, R]; carries M_f of eq. 8
    # A query without positive sees every entry: an empty row would turn the softmax and all gradients into NaN.
    visible = known | ~positive.any(dim=1, keepdim=True)
    logits = full_precision(queries) @ full_precision(keys).T / temperature  # [M, R]
    log_probability = logits.masked_fill(~visible, -torch.inf).log_softmax(dim=1)
    return masked_mean(-log_probability, positive)
