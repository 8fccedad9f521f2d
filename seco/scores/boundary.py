"""How well the outlines of the classes of an image are met: the boundary F-score.

G. Csurka, D. Larlus, F. Perronnin: "What is a good evaluation measure for semantic segmentation?", BMVC 2013.
"""

import math

import numpy as np
import numpy.typing as npt

from seco.scores.confusion import Values
from seco.storage.label_map import IGNORE

Mask = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.unsignedinteger]

TOLERANCE = 0.0075
"""Of the image's diagonal, as in the paper."""
_BITS_AT_ONCE = 64


def boundary_scores(
    truth: Mask, prediction: Mask, *, num_classes: int, tolerance: float = TOLERANCE, with_parts: bool = False
) -> Values:
    """Return the boundary F-score of each class in one image.

    A boundary pixel of a class has a neighbour (of four) of another class. Precision is the share of the predicted
    boundary that is no further from the true one than the tolerance, recall that of the true one near the predicted
    one, and the score is their harmonic mean. The edge of the image is no boundary. Pixels that the truth ignores
    belong to no class in either mask.

    Args:
        truth: class ids ``[H, W]``, or 255.
        prediction: the same.
        num_classes: K.
        tolerance: the largest distance of pixels that match, as a share of the image's diagonal.
        with_parts: return precision and recall too.

    Returns:
        ``[K+1]``, 0..1; NaN for a class of which the truth shows no boundary. With the parts ``[3, K+1]``: score,
        precision (NaN without a predicted boundary) and recall.
    """
    guess = prediction.copy()
    np.putmask(guess, truth == IGNORE, IGNORE)
    true_at, guess_at = np.flatnonzero(_outlines(truth)), np.flatnonzero(_outlines(guess))
    true_ids, guess_ids = truth.ravel()[true_at], guess.ravel()[guess_at]
    true_count, guess_count = (np.bincount(ids, minlength=256) for ids in (true_ids, guess_ids))
    common = np.flatnonzero((true_count[:IGNORE] > 0) & (guess_count[:IGNORE] > 0))
    radius = tolerance * math.hypot(*truth.shape)
    near = np.zeros((2, 256))  # boundary pixels of the prediction near the truth's, and the other way round
    for start in range(0, len(common), _BITS_AT_ONCE):
        bit_of = _bits(common[start : start + _BITS_AT_ONCE])
        sides = (true_at, bit_of[true_ids]), (guess_at, bit_of[guess_ids])
        around_truth, around_guess = (_around(truth.shape, *side, radius=radius) for side in sides)
        near[0] += np.bincount(guess_ids, weights=(around_truth[guess_at] & sides[1][1]) > 0, minlength=256)
        near[1] += np.bincount(true_ids, weights=(around_guess[true_at] & sides[0][1]) > 0, minlength=256)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = near / (guess_count, true_count)
        both = np.nan_to_num(precision) + recall
        scores = np.where(both > 0, 2 * precision * recall / both, np.where(true_count > 0, 0.0, np.nan))
    return np.stack([scores, precision, recall])[:, : num_classes + 1] if with_parts else scores[: num_classes + 1]


def _outlines(mask: Mask) -> npt.NDArray[np.bool_]:
    """Return the pixels with a neighbour of another class."""
    found = np.zeros(mask.shape, dtype=np.bool_)
    below, right = mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1]
    found[1:] = below
    found[:-1] |= below
    found[:, 1:] |= right
    found[:, :-1] |= right
    return found


def _bits(class_ids: npt.NDArray[np.intp]) -> Bits:
    """Return, by class id, a bit for each of at most 64 classes and 0 for the others: ``[256]``, of the least width."""
    width = next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if len(class_ids) <= 8 * kind(0).nbytes)
    bit_of = np.zeros(256, dtype=width)
    bit_of[class_ids] = width(1) << np.arange(len(class_ids), dtype=width)
    return bit_of


def _around(shape: tuple[int, ...], places: npt.NDArray[np.intp], bits: Bits, *, radius: float) -> Bits:
    """Return which bits are set within a radius of each pixel, flat: bits at flat places, dilated by a disc."""
    height, width = shape
    reach = math.floor(radius)
    # Empty columns beside the image let a shift of the flat array stand for one of the rows, which is much faster.
    stride = width + reach
    original = np.zeros(height * stride, dtype=bits.dtype)
    original[places + places // width * reach] = bits
    wide, result = original.copy(), np.zeros_like(original)
    halves = [math.floor(math.sqrt(radius**2 - row**2)) for row in range(reach + 1)]  # of the disc's rows
    for half in range(reach + 1):
        if half:
            _merge_shifted(wide, original, half)
        for row in (row for row, wanted in enumerate(halves) if wanted == half and row < height):
            _merge_shifted(result, wide, row * stride)
    return result.reshape(height, stride)[:, :width].ravel()


def _merge_shifted(target: Bits, source: Bits, by: int) -> None:
    """Set the bits of a flat array, moved forwards and backwards, in another."""
    target[by:] |= source[: len(source) - by]
    target[: len(source) - by] |= source[by:]
