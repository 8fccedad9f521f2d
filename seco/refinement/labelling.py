"""From class scores to a mask: a dense CRF where asked for, then the class of the highest score.

Knows no torch, so that worker processes start at once.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seco.refinement.crf import dense_crf

_NEGLIGIBLE = 0.01  # a class below this probability everywhere has no part in the CRF, whose cost grows with them


class ScoredImage(NamedTuple):
    """An image with class scores at its own size."""

    id: str
    image: NDArray[np.uint8]
    """``[H, W, 3]``."""
    scores: NDArray[np.float32]
    """``[C, H, W]``, non-negative."""
    class_ids: tuple[int, ...]
    """Of the C maps; background is 0."""


class LabelledImage(NamedTuple):
    """The mask that came of it."""

    id: str
    mask: NDArray[np.uint8]
    """``[H, W]`` class ids."""


def label_image(scored: ScoredImage, *, crf: Mapping[str, float] | None) -> LabelledImage:
    """Label each pixel.

    Args:
        scored: the image and its scores.
        crf: the keyword arguments of ``dense_crf`` and ``sharpness``: scores are raised to that power first, since
            those of CAMs, a softmax of values in 0..1, are nearly flat. None leaves the CRF out.
    """
    scores, ids = scored.scores, np.asarray(scored.class_ids, dtype=np.uint8)
    if crf is not None:
        relevant, scores = _smooth(scored.image, scores, **crf)
        ids = ids[relevant]
    return LabelledImage(scored.id, ids[scores.argmax(axis=0)])


def label_variants(
    scored: tuple[ScoredImage, ScoredImage], *, crf: Mapping[str, float] | None
) -> dict[str, LabelledImage]:
    """Label one image from its scores at a single scale and at several: by variant, the CRF's where asked for."""
    single, multi = scored
    variants = {"single_scale": label_image(single, crf=None), "multi_scale": label_image(multi, crf=None)}
    return variants | ({"crf": label_image(multi, crf=crf)} if crf is not None else {})


def _smooth(
    image: NDArray[np.uint8], scores: NDArray[np.float32], *, sharpness: float, **kernels: Any
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which classes take part, bool ``[C]``, and their marginals."""
    powers = (scores / np.maximum(scores.max(axis=0), 1e-8)) ** sharpness
    probabilities = powers / powers.sum(axis=0)
    relevant = probabilities.max(axis=(1, 2)) > _NEGLIGIBLE
    return relevant, dense_crf(image, np.ascontiguousarray(probabilities[relevant]), **kernels)
