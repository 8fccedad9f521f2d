"""How losses average: in one place, since many processes must one day share the counts."""

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Average ``values`` where ``mask`` is true; exactly 0, with a graph, where it is true nowhere."""
    return torch.where(mask, values, 0.0).sum() / mask.sum().clamp(min=1)
