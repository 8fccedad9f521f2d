"""Classification losses of images and patches: multi-label soft margins."""

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision
from seco.losses.reduction import masked_mean, mean
from seco.method.tags import UNCERTAIN

PatchLabels = Literal["all", "absent"]


def image_classification(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean multi-label soft margin of images.

    Args:
        logits: ``[B, K]``.
        labels: multi-hot ``[B, K]``.
    """
    return mean(_soft_margin(logits, labels))


def patch_classification(logits: Tensor, tags: Tensor, *, labels: PatchLabels) -> Tensor:
    """Mean multi-label soft margin of tagged patches: a background patch has no class, any other has that of its tag.

    In whole images a context appears only beside its class; a patch shows it alone, with the label "no class".
    Beyond the paper.

    Args:
        logits: ``[M, K]``.
        tags: ``[M]``; uncertain patches are left out.
        labels: ``all``; or ``absent``, where the class of a tag costs nothing, and the others alone are learnt.
    """
    shown = F.one_hot(tags.clamp(min=0), logits.shape[1] + 1)[:, 1:]
    counted = 1 - shown if labels == "absent" else None
    return masked_mean(_soft_margin(logits, shown, counted), tags != UNCERTAIN)


def _soft_margin(logits: Tensor, shown: Tensor, counted: Tensor | None = None) -> Tensor:
    """Return the mean over classes ``[M]``; where ``counted`` ``[M, K]`` is 0, a class costs nothing."""
    precise = full_precision(logits)
    return F.multilabel_soft_margin_loss(precise, shown.to(precise.dtype), weight=counted, reduction="none")
