"""From class scores to masks on disk: a dense CRF if enabled, then the class with the highest score.

Runs in worker processes. It imports no torch, so that they start at once unless there is a CRF.
"""

from collections.abc import Mapping
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seco.refinement.crf import dense_crf
from seco.storage.confidence import CONFIDENCE, write_confidence
from seco.storage.masks import MaskArray, mask_path, write_mask

_CRF_BYTES_A_CLASS, _CRF_BYTES = 40, 600  # measured on photographs, a pixel
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


class Variants(NamedTuple):
    """An image segmented in up to three ways; each is written to the folder of its name."""

    single_scale: ScoredImage
    multi_scale: ScoredImage
    crf: ScoredImage | None = None

    @property
    def id(self) -> str:
        """The image's."""
        return self.multi_scale.id


def variant_paths(folder: Path, image_id: str, *, crf: bool) -> list[Path]:
    """Return the files that `write_variants` writes of an image."""
    return [mask_path(folder / name, image_id) for name in Variants._fields if crf or name != "crf"]


def working_memory(scored: ScoredImage, *, crf: Mapping[str, Any] | None) -> int:
    """Return how many bytes it takes, about, to label an image: most of all for the classes that join the CRF."""
    if crf is None:
        return scored.scores.nbytes
    pixels, joining = scored.scores[0].size, int((scored.scores.max(axis=(1, 2)) > _NEGLIGIBLE).sum())
    return scored.scores.nbytes + pixels * (_CRF_BYTES_A_CLASS * joining + _CRF_BYTES)


def variants_memory(variants: Variants, *, crf: Mapping[str, Any] | None) -> int:
    """Return the same for ``write_variants``."""
    others = [scored.scores.nbytes for scored in (variants.single_scale, variants.crf) if scored is not None]
    return sum(others) + working_memory(variants.multi_scale, crf=crf)


def smooth(scored: ScoredImage, *, crf: Mapping[str, Any]) -> ScoredImage:
    """Return the marginals of a dense CRF as the scores of an image, for the classes that are not negligible.

    Args:
        scored: the image and its scores.
        crf: the keyword arguments of ``dense_crf`` and ``sharpness``: scores are raised to that power first, since
            those of CAMs, a softmax of values in 0..1, are nearly flat.
    """
    kernels = dict(crf)
    joining = classes_that_join(scored, sharpness=kernels.pop("sharpness"))
    return joining._replace(scores=dense_crf(joining.image, joining.scores, **kernels))


def classes_that_join(scored: ScoredImage, *, sharpness: float) -> ScoredImage:
    """Return the probabilities with which a CRF begins, of the classes that are not negligible."""
    powers = (scored.scores / np.maximum(scored.scores.max(axis=0), 1e-8)) ** sharpness
    probabilities = powers / powers.sum(axis=0)
    relevant = probabilities.max(axis=(1, 2)) > _NEGLIGIBLE
    return scored._replace(
        scores=np.ascontiguousarray(probabilities[relevant]), class_ids=tuple(compress(scored.class_ids, relevant))
    )


def smooth_variants(variants: Variants, *, crf: Mapping[str, Any]) -> Variants:
    """Return the variants with one more: the CRF on the scores at several scales."""
    return variants._replace(crf=smooth(variants.multi_scale, crf=crf))


def label_image(scored: ScoredImage) -> MaskArray:
    """Return the class ids ``[h, w]`` of an image at the size of its scores: of the highest ones."""
    return np.asarray(scored.class_ids, dtype=np.uint8)[scored.scores.argmax(axis=0)]


def write_label(scored: ScoredImage, *, folder: Path, crf: Mapping[str, Any] | None) -> None:
    """Label an image, after a CRF unless it is None, and write its mask to a folder.

    The mask has the image's own size. Raises as ``write_mask``.
    """
    if crf is not None:
        scored = smooth(scored, crf=crf)
    write_mask(mask_path(folder, scored.id), label_image(scored), size=scored.size)


def write_variants(variants: Variants, *, folder: Path, crf: Mapping[str, Any] | None) -> None:
    """Label an image in each way, the CRF's included unless it is None, and write the masks below a folder.

    The highest probability of each pixel at several scales goes to the folder ``confidence``. Raises as ``write_mask``.
    """
    sure = variants.multi_scale
    write_confidence(mask_path(folder / CONFIDENCE, sure.id), sure.scores.max(axis=0), size=sure.size)
    if crf is not None:
        variants = smooth_variants(variants, crf=crf)
    for name, scored in variants._asdict().items():
        if scored is not None:
            write_label(scored, folder=folder / name, crf=None)
