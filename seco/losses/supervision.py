"""L_sup: the decoder against the true mask."""

from torch import Tensor
from torch.nn import functional as F

from seco.losses.reduction import masked_mean
from seco.storage.label_map import IGNORE


def supervised_loss(log_probabilities: Tensor, masks: Tensor) -> Tensor:
    """Mean cross entropy over all pixels of the batch.

    Args:
        log_probabilities: ``[B, K + 1, H, W]``.
        masks: int64 ``[B, H, W]``; 255 is left out.
    """
    per_pixel = F.nll_loss(log_probabilities, masks, ignore_index=IGNORE, reduction="none")
    return masked_mean(per_pixel, masks != IGNORE)
