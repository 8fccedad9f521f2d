"""L_sup: the decoder against the true mask."""

from torch import Tensor
from torch.nn import functional as F

from seco.compute.resize import resize
from seco.losses.reduction import masked_mean
from seco.storage.label_map import IGNORE


def supervised_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Mean cross entropy over all pixels of the batch.

    Args:
        logits: ``[B, K + 1, h, w]``, resized to the masks (bilinear).
        masks: int64 ``[B, H, W]``; 255 is left out.
    """
    resized = resize(logits, masks.shape[-2:])
    return masked_mean(F.cross_entropy(resized, masks, ignore_index=IGNORE, reduction="none"), masks != IGNORE)
