"""L_seg of a batch in which some images have a true mask."""

import torch
from torch import Tensor

from seco.compute.distributed import sum_over_ranks
from seco.losses.segmentation import segmentation_loss
from seco.losses.supervision import supervised_loss
from seco.storage.label_map import IGNORE


def mixed_segmentation_loss(
    log_probabilities: Tensor, labels: Tensor | None, masks: Tensor, supervised: Tensor, *, mask_weight: float
) -> Tensor:
    """Cross entropy under true masks where there are any, and under pseudo labels elsewhere.

    Each kind has its own mean, as in ``supervised_loss`` and ``segmentation_loss``, and counts by its share of the
    images of all ranks. A batch without a true mask has ``segmentation_loss``, bit by bit; one with nothing else has
    ``mask_weight`` times ``supervised_loss``.

    Args:
        log_probabilities: ``[B, K + 1, H, W]``.
        labels: pseudo labels, int64 ``[B, H, W]``; None before they begin, when only true masks teach.
        masks: int64 ``[B, H, W]``, true where ``supervised`` says so; 255 is left out.
        supervised: bool ``[B]``.
        mask_weight: of an image with a true mask, where one without weighs 1.
    """
    counts = sum_over_ranks(torch.stack([supervised.sum(), (~supervised).sum()])).to(log_probabilities.dtype)
    share_true, share_pseudo = counts / counts.sum()
    is_true = supervised[:, None, None]
    loss = mask_weight * share_true * supervised_loss(log_probabilities, masks.masked_fill(~is_true, IGNORE))
    if labels is None:
        return loss
    return loss + share_pseudo * segmentation_loss(log_probabilities, labels.masked_fill(is_true, IGNORE))
