"""What becomes of patch tags, counted for the learning curves."""

import torch
from torch import Tensor

from seco.method.tags import UNCERTAIN

Counts = dict[str, tuple[Tensor, Tensor]]
"""By the name of the curve: how many, of how many."""


def count_tags(before: Tensor, after: Tensor) -> Counts:
    """Count background, class and uncertain patches as the CAM tagged them, and the tags that were withdrawn.

    Args:
        before: ``[B, n]``, from the CAM.
        after: ``[B, n]``, after eq. 7.
    """
    found = {
        "patches/background": before == 0,
        "patches/class": before > 0,
        "patches/uncertain": before == UNCERTAIN,
        "patches/withdrawn": _withdrawn(before, after),
    }
    every = torch.ones_like(before).sum()
    return {name: (flags.sum(), every) for name, flags in found.items()}


def judge_tags(before: Tensor, after: Tensor, right: Tensor, *, num_classes: int) -> Counts:
    """Count the right ones among the tags of each class (0: background), and the wrong ones among those withdrawn.

    Args:
        before: ``[B, n]``, from the CAM.
        after: ``[B, n]``, after eq. 7.
        right: bool ``[B, n]``, of the tags before (``bear_out``).
        num_classes: K, without background.
    """
    tagged = {"tags/right": before > 0, "tags/right_kept": after > 0}
    tagged |= {f"tags/right_{tag}": before == tag for tag in range(num_classes + 1)}
    withdrawn = _withdrawn(before, after)
    counts = {name: ((right & flags).sum(), flags.sum()) for name, flags in tagged.items()}
    return counts | {"tags/withdrawn_wrong": ((withdrawn & ~right).sum(), withdrawn.sum())}


def _withdrawn(before: Tensor, after: Tensor) -> Tensor:
    return (before != UNCERTAIN) & (after == UNCERTAIN)
