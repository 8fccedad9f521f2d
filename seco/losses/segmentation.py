"""L_seg: the decoder against the refined pseudo label."""

from torch import Tensor
from torch.nn import functional as F

from seco.compute.resize import resize
from seco.losses.reduction import masked_mean
from seco.storage.label_map import BACKGROUND, IGNORE


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy: half the mean over background pixels plus half the mean over foreground pixels.

    Args:
        logits: ``[B, K + 1, h, w]``, resized to the labels (bilinear).
        labels: int64 ``[B, H, W]``; 255 is left out.
    """
    resized = resize(logits, labels.shape[-2:])
    per_pixel = F.cross_entropy(resized, labels, ignore_index=IGNORE, reduction="none")
    background = labels == BACKGROUND
    foreground = ~background & (labels != IGNORE)
    return 0.5 * masked_mean(per_pixel, background) + 0.5 * masked_mean(per_pixel, foreground)
