"""L_LiG: patches against the category knowledge of whole images (eq. 4)."""

import torch
from torch import Tensor

from seco.compute.device import full_precision
from seco.compute.distributed import any_over_ranks
from seco.losses.reduction import masked_mean


def global_contrast(queries: Tensor, tags: Tensor, prototypes: Tensor, seen: Tensor, *, temperature: float) -> Tensor:
    """Cross entropy of each tagged query over the prototypes of the classes that the batch shows.

    Args:
        queries: ``[M, D]``, unit length.
        tags: ``[M]``; background (0) and uncertain (-1) queries are left out.
        prototypes: ``[K, D]``; row l belongs to class l + 1.
        seen: bool ``[K]``: classes that have a prototype; the others are left out.
        temperature: τ_g.

    Returns:
        Scalar, the mean over the positives of all ranks (this rank's part of it).
    """
    num_classes = len(prototypes)
    classes = (tags - 1).clamp(min=0)
    positive = (tags > 0) & seen[classes]
    shown = torch.zeros(num_classes, dtype=torch.int64, device=tags.device)
    shown = any_over_ranks(shown.index_add(0, classes, positive.long()) > 0)  # P_s of eq. 4
    # A row that is no positive sees all columns: it must not be empty, or its softmax and all gradients would be NaN.
    columns = shown | ~positive.unsqueeze(1)
    logits = full_precision(queries) @ full_precision(prototypes).T / temperature  # [M, K]
    log_probability = logits.masked_fill(~columns, -torch.inf).log_softmax(dim=1)
    target = log_probability.gather(1, classes.unsqueeze(1)).squeeze(1)
    return masked_mean(-target, positive)
