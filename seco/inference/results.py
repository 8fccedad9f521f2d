"""What the network says about an image, and how that becomes a mask unless the caller says otherwise."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seco.inference.photographs import Photo


class Defaults(NamedTuple):
    """How a model's maps become masks, unless its user says otherwise; those of its training run."""

    background: float
    """Threshold of CAMs."""
    cam_scales: tuple[float, ...]
    use_par: bool
    cam_crf: Mapping[str, Any] | None
    """Of refined masks: the arguments of ``smooth``; None: no CRF."""
    scales: tuple[float, ...]
    """Of segmentations."""
    crf: Mapping[str, Any] | None
    """Of segmentations."""


PAPER = Defaults(0.5, (1.0, 0.5, 0.75, 1.25, 1.5, 1.75, 2.0), True, None, (1.0, 1.25, 1.5), None)
"""Scales and threshold of the paper, without a CRF."""


class CamResult(NamedTuple):
    """The CAM of one image."""

    photo: Photo
    size: tuple[int, int]
    """(height, width) of the image."""
    pixels: NDArray[np.uint8]
    """The image ``[H, W, 3]``; smaller where it was cut into tiles."""
    class_ids: Tensor
    """``[C]`` on the CPU: the classes of its labels, or those predicted where labels are not known."""
    maps: Tensor
    """``[C, h, w]`` in 0..1 on the model's device, over the whole image at the size at which the network saw it."""
    probabilities: Tensor
    """``[K]`` on the CPU: of each class, by the classifier at the first scale; the highest of an image in tiles."""


class SegmentationResult(NamedTuple):
    """The segmentation of one image: probabilities ``[K + 1, h, w]`` over the whole image, as of ``CamResult``."""

    photo: Photo
    size: tuple[int, int]
    """(height, width) of the image."""
    pixels: NDArray[np.uint8]
    """The image ``[H, W, 3]``; smaller where it was cut into tiles."""
    single_scale: Tensor
    """Of the first scale, not mirrored; on the model's device."""
    multi_scale: Tensor
    """The mean over scales and mirror images; on the model's device."""
