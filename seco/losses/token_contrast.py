"""L_ptc: contrast among the final tokens of an image (patch-token contrast of ToCo, Ru et al., CVPR 2023)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision
from seco.losses.reduction import masked_mean
from seco.storage.label_map import IGNORE


def token_contrast(tokens: Tensor, labels: Tensor) -> Tensor:
    """Pull tokens of one label together and push those of different labels apart.

    Args:
        tokens: ``[B, N, D]``.
        labels: int64 ``[B, N]``, a pseudo label a token; 255 is left out.

    Returns:
        ``½(1 − mean |cos| of equal pairs) + ½ mean |cos| of unequal pairs``; a token is no pair with itself. A half
        without pairs is 0.
    """
    unit = F.normalize(full_precision(tokens), dim=2)
    similarity = (unit @ unit.transpose(1, 2)).abs()  # [B, N, N]
    known = labels != IGNORE
    usable = known.unsqueeze(2) & known.unsqueeze(1)
    usable = usable & ~torch.eye(labels.shape[1], dtype=torch.bool, device=labels.device)
    equal = labels.unsqueeze(2) == labels.unsqueeze(1)
    return 0.5 * masked_mean(1.0 - similarity, usable & equal) + 0.5 * masked_mean(similarity, usable & ~equal)
