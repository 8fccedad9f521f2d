"""L_seg: the decoder against the refined pseudo label."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from seco.compute.resize import resize
from seco.losses.reduction import masked_mean
from seco.storage.label_map import BACKGROUND, IGNORE


def pixel_log_probabilities(logits: Tensor, size: Sequence[int]) -> Tensor:
    """Return the log-softmax ``[B, K + 1, H, W]`` of logits ``[B, K + 1, h, w]``, resized to a size (bilinear).

    Every term on the decoder's output starts from it, so that a step computes it once.
    """
    return resize(logits, size).log_softmax(dim=1)


def segmentation_loss(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy: half the mean over background pixels plus half the mean over foreground pixels.

    Args:
        log_probabilities: ``[B, K + 1, H, W]``.
        labels: int64 ``[B, H, W]``; 255 is left out.
    """
    per_pixel = F.nll_loss(log_probabilities, labels, ignore_index=IGNORE, reduction="none")
    background = labels == BACKGROUND
    foreground = ~background & (labels != IGNORE)
    return 0.5 * masked_mean(per_pixel, background) + 0.5 * masked_mean(per_pixel, foreground)
