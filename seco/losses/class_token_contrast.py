"""L_ctc: local crops against whole images (class-token contrast of ToCo, Ru et al., CVPR 2023)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision
from seco.losses.reduction import mean


def class_token_contrast(queries: Tensor, keys: Tensor, positive: Tensor, *, temperature: float) -> Tensor:
    """Pull the views of an image that show its objects towards the image, and push the others away from it.

    For a key k and a positive query q⁺: ``-log(exp(k·q⁺/τ) / (exp(k·q⁺/τ) + Σ exp(k·q⁻/τ)))``, over the negatives q⁻
    of the same image; the mean over its keys and positives, then over the images.

    Args:
        queries: ``[B, V, P]``, of the student: the views of each image.
        keys: ``[B, G, P]``, of the teacher: its whole-image views.
        positive: bool ``[B, V]``: which views show an object of the image.
        temperature: τ.

    Returns:
        Scalar; an image without negatives, or without positives, counts 0.
    """
    logits = full_precision(keys) @ full_precision(queries).transpose(1, 2) / temperature  # [B, G, V]
    negative = ~positive.unsqueeze(1)  # [B, 1, V]
    # An image without negatives sees them all: an empty sum would turn its logarithm and all gradients into NaN.
    visible = negative | ~negative.any(dim=2, keepdim=True)
    against = logits.masked_fill(~visible, -torch.inf).logsumexp(dim=2, keepdim=True)  # [B, G, 1]
    costs = F.softplus(against - logits)  # the formula above
    counted = (positive.unsqueeze(1) & negative.any(dim=2, keepdim=True)).expand_as(costs)
    sums = torch.where(counted, costs, 0.0).sum(dim=(1, 2))
    return mean(sums / counted.sum(dim=(1, 2)).clamp(min=1))
