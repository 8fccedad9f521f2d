"""Signals: for each class of an image, the pixels that its mask may lack and those that it may have too many.

Every signal but the last two compares two label maps, cell by cell of a grid. No truth is used.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from seco.method.cam import two_way_labels
from seco.review.views import Views
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.masks import MaskArray

Shares = NDArray[np.float32]

COMPARED = ("auxiliary", "scale", "mirror", "refinement", "decoder", "confidence")
"""The signals of ``compare``, in its order."""


class Comparison(NamedTuple):
    """What the signals say of one image, in shares of its pixels."""

    missing: Shares
    """``[signals, K + 1]``: of pixels that may be of the class and that the mask does not call so."""
    excess: Shares
    """``[signals, K + 1]``: of pixels that the mask calls so and that may be of no such class."""
    area: Shares
    """``[K + 1]``: of the classes in the mask."""
    probabilities: Shares
    """``[K]``: of each class, by the classifier."""


def compare(views: Views, mask: MaskArray, *, background: float) -> Comparison:
    """Return the signals of an image.

    - auxiliary, scale: the mask against CAM_aux, and against the CAM at half the size;
    - mirror: the CAM of the image against that of its mirror image;
    - refinement: the mask against the CAM of which refinement made it;
    - decoder: the mask against the decoder's segmentation, of the classes that have maps;
    - confidence: the mask against the decoder's probabilities.

    Args:
        views: of the image.
        mask: its mask ``[H, W]``.
        background: the threshold of CAMs.
    """
    size, count = views.decoder.shape[-2:], len(views.decoder)
    small = np.array(Image.fromarray(mask).resize((size[1], size[0]), Image.Resampling.NEAREST))
    labels = torch.from_numpy(small).to(views.decoder.device).long()

    def cut(maps: Tensor) -> Tensor:
        return two_way_labels(maps[None], views.class_ids[None], background=background)[0]

    shown = torch.zeros(count, dtype=torch.bool, device=labels.device)
    shown[BACKGROUND] = shown[views.class_ids] = True
    decoded = views.decoder.masked_fill(~shown[:, None, None], -1).argmax(dim=0)
    pairs = [
        (labels, cut(views.auxiliary)),
        (labels, cut(views.half)),
        (cut(views.plain), cut(views.mirrored)),
        (labels, cut(views.whole)),
        (labels, decoded),
    ]
    found = [_difference(first, second, count) for first, second in pairs]
    is_class = labels == torch.arange(count, device=labels.device)[:, None, None]  # [K + 1, g, g]
    doubt = torch.where(is_class, 1 - views.decoder, 0).mean(dim=(1, 2))
    found.append((torch.where(is_class, 0, views.decoder).mean(dim=(1, 2)), doubt))
    missing, excess = (torch.stack(column).cpu().float().numpy() for column in zip(*found, strict=True))
    area = is_class.float().mean(dim=(1, 2)).cpu().numpy()
    return Comparison(missing, excess, area, views.probabilities.cpu().numpy())


def _difference(reference: Tensor, other: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the shares ``[count]`` of each class where only ``other`` shows it, and where only ``reference`` does."""
    differs = reference != other
    missing, excess = (
        torch.bincount(labels[differs], minlength=IGNORE + 1)[:count] / labels.numel() for labels in (other, reference)
    )
    return missing, excess
