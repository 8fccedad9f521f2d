"""From class scores to masks on disk: a dense CRF if enabled, then the class with the highest score.

Runs in worker processes, and imports no torch so that they start at once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seco.refinement.crf import dense_crf
from seco.storage.masks import MaskArray, mask_path, write_mask

_CRF_BYTES_A_CLASS, _CRF_BYTES = 40, 340  # measured, a pixel
_NEGLIGIBLE = 0.01  # a class below this probability everywhere is left out of the CRF, which takes longer with more


class ScoredImage(NamedTuple):
    """An image with class scores, at its own size or a smaller one."""

    id: str
    image: NDArray[np.uint8]
    """``[h, w, 3]``."""
    scores: NDArray[np.float32]
    """``[C, h, w]``, non-negative."""
    class_ids: tuple[int, ...]
    """Of the C maps; background is 0."""
    size: tuple[int, int]
    """(height, width) of the image itself, and of its mask."""


def working_memory(scored: ScoredImage) -> int:
    """Return how many bytes it takes, about, to label an image: most of all for the classes that join the CRF."""
    pixels, joining = scored.scores[0].size, int((scored.scores.max(axis=(1, 2)) > _NEGLIGIBLE).sum())
    return 4 * scored.scores.size + pixels * (_CRF_BYTES_A_CLASS * joining + _CRF_BYTES)


def variants_memory(scored: tuple[ScoredImage, ScoredImage]) -> int:
    """Return the same for ``write_variants``."""
    single, multi = scored
    return single.scores.nbytes + working_memory(multi)


def label_image(scored: ScoredImage, *, crf: Mapping[str, float] | None) -> MaskArray:
    """Return the class ids ``[h, w]`` of an image at the size of its scores.

    Args:
        scored: the image and its scores.
        crf: the keyword arguments of ``dense_crf`` and ``sharpness``: scores are raised to that power first, since
            those of CAMs, a softmax of values in 0..1, are nearly flat. None: no CRF.
    """
    scores, ids = scored.scores, np.asarray(scored.class_ids, dtype=np.uint8)
    if crf is not None:
        relevant, scores = _smooth(scored.image, scores, **crf)
        ids = ids[relevant]
    return ids[scores.argmax(axis=0)]


def write_label(scored: ScoredImage, *, folder: Path, crf: Mapping[str, float] | None) -> None:
    """Label an image and write its mask, at the image's own size, to a folder; raises as ``write_mask``."""
    write_mask(mask_path(folder, scored.id), label_image(scored, crf=crf), size=scored.size)


def write_variants(scored: tuple[ScoredImage, ScoredImage], *, folder: Path, crf: Mapping[str, float] | None) -> None:
    """Label an image in up to three ways, and write each mask to a folder of its own; raises as ``write_mask``.

    Args:
        scored: the image with its scores at a single scale and at several.
        folder: gets the folders ``single_scale``, ``multi_scale`` and, where there is a CRF, ``crf``.
        crf: as of ``label_image``; applied to the scores at several scales.
    """
    single, multi = scored
    write_label(single, folder=folder / "single_scale", crf=None)
    write_label(multi, folder=folder / "multi_scale", crf=None)
    if crf is not None:
        write_label(multi, folder=folder / "crf", crf=crf)


def _smooth(
    image: NDArray[np.uint8], scores: NDArray[np.float32], *, sharpness: float, **kernels: Any
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which classes take part, bool ``[C]``, and their marginals."""
    powers = (scores / np.maximum(scores.max(axis=0), 1e-8)) ** sharpness
    probabilities = powers / powers.sum(axis=0)
    relevant = probabilities.max(axis=(1, 2)) > _NEGLIGIBLE
    return relevant, dense_crf(image, np.ascontiguousarray(probabilities[relevant]), **kernels)
