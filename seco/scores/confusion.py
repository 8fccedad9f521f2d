"""The confusion matrix of pixels, and the scores of each class that follow from it."""

import numpy as np
import numpy.typing as npt

from seco.storage.label_map import IGNORE

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


_COUNTED_AT_ONCE = 1 << 20  # pixels: counting takes a dozen bytes of memory for each


class ConfusionMatrix:
    """Pixel counts of (true class, predicted class), background included.

    Args:
        num_classes: number of foreground classes K.

    Attributes:
        counts: int64 `[K+1, K+2]`; row = truth, column = prediction. The last column counts pixels for which the
            prediction is 255 (uncertain): a miss of the true class and a false positive of none.
        images: number of images counted.
        images_of_class: int64 `[K+1]`, how many of them show each class in the truth.
        boundaries: float64 `[2, K+1]`: the sum of the boundary F-scores of single images (`seco.scores.boundary`), and
            the number of images that have one.

    Scores are float64 `[K+1]`, background first. Of `stacked` matrices they have the leading axes of the stack too.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.counts: Counts = np.zeros((num_classes + 1, num_classes + 2), dtype=np.int64)
        self.images = 0
        self.images_of_class: Counts = np.zeros(num_classes + 1, dtype=np.int64)
        self.boundaries: Values = np.zeros((2, num_classes + 1))

    @classmethod
    def stacked(cls, counts: Counts, boundaries: Values) -> "ConfusionMatrix":
        """Return many matrices as one, `[..., K+1, K+2]` and `[..., 2, K+1]`, to score them at once."""
        matrix = cls(counts.shape[-2] - 1)
        matrix.counts, matrix.boundaries = counts, boundaries
        return matrix

    def update(self, truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8]) -> None:
        """Count an image by its two uint8 masks of one shape; pixels whose truth is 255 (ignore) are left out.

        Raises:
            ValueError: the shapes differ, they are not uint8, or a value is neither 0..K nor 255.
        """
        if truth.shape != prediction.shape:
            raise ValueError(f"truth {truth.shape} and prediction {prediction.shape} differ in shape")
        if truth.dtype != np.uint8 or prediction.dtype != np.uint8:
            raise ValueError(f"masks are uint8, not {truth.dtype} and {prediction.dtype}")
        uncertain = self.num_classes + 1
        # One histogram over pairs of bytes, checked for unknown values afterwards: a single pass over the pixels.
        table = np.zeros((256, 256), dtype=np.int64)  # [truth, prediction]
        for start in range(0, truth.size, _COUNTED_AT_ONCE):
            part = slice(start, start + _COUNTED_AT_ONCE)
            pairs = truth.ravel()[part].astype(np.uint16) << 8 | prediction.ravel()[part]
            table += np.bincount(pairs, minlength=256 * 256).reshape(256, 256)
        known = np.r_[0:uncertain, IGNORE]
        table_known = table[np.ix_(known, known)]  # [K+2, K+2]
        if table_known.sum() != truth.size:
            raise ValueError(f"a mask holds a value that is neither 0..{self.num_classes} nor {IGNORE}")
        self.counts += table_known[:uncertain]
        self.images += 1
        self.images_of_class += table_known[:uncertain].any(axis=1)

    def update_boundaries(self, scores: Values) -> None:
        """Add the boundary F-scores `[K+1]` of an image; NaN for a class without one."""
        self.boundaries += np.nan_to_num(scores), np.isfinite(scores)

    def merge(self, other: "ConfusionMatrix") -> None:
        """Add the counts of another matrix of the same classes.

        Raises:
            ValueError: the class counts differ.
        """
        if other.num_classes != self.num_classes:
            raise ValueError(f"cannot merge {other.num_classes} classes into {self.num_classes}")
        self._add(other, 1)

    def minus(self, other: "ConfusionMatrix") -> "ConfusionMatrix":
        """Return the counts without those of `other`, which counted some of the same images."""
        rest = ConfusionMatrix(self.num_classes)
        rest._add(self, 1)
        rest._add(other, -1)
        return rest

    def _add(self, other: "ConfusionMatrix", times: int) -> None:
        self.counts += times * other.counts
        self.images += times * other.images
        self.images_of_class += times * other.images_of_class
        self.boundaries += times * other.boundaries

    def true(self) -> Counts:
        """Return the pixels whose truth is each class."""
        return self.counts.sum(axis=-1)

    def predicted(self) -> Counts:
        """Return the pixels predicted as each class, without those whose truth is ignored."""
        return self.counts[..., :-1].sum(axis=-2)

    def occurs(self) -> npt.NDArray[np.bool_]:
        """Return whether the truth shows each class."""
        return self.true() > 0

    def true_positive(self) -> Counts:
        """Return the pixels of each class that were found."""
        return np.diagonal(self.counts, axis1=-2, axis2=-1).copy()

    def false_positive(self) -> Counts:
        """Return the pixels of other classes that were predicted as each class."""
        return self.predicted() - self.true_positive()

    def iou(self) -> Values:
        """Return TP / (TP + FP + FN) of each class; NaN for a class neither in the truth nor predicted."""
        return ratio(self.true_positive(), self.true() + self.false_positive())

    def precision(self) -> Values:
        """Return TP / (TP + FP) of each class; NaN for a class that is never predicted."""
        return ratio(self.true_positive(), self.predicted())

    def recall(self) -> Values:
        """Return TP / (TP + FN) of each class; NaN for a class that the truth does not show."""
        return ratio(self.true_positive(), self.true())

    def f1(self) -> Values:
        """Return 2 TP / (2 TP + FP + FN) of each class; NaN for a class neither in the truth nor predicted."""
        return ratio(2 * self.true_positive(), self.true() + self.predicted())

    def false_positive_rate(self) -> Values:
        """Return FP / (FP + TN): of the pixels of all other classes, the share that was predicted as each class."""
        others = self.true().sum(axis=-1, keepdims=True) - self.true()
        return ratio(self.false_positive(), others)

    def false_negative_rate(self) -> Values:
        """Return FN / (TP + FN) of each class: 1 - recall."""
        return ratio(self.true() - self.true_positive(), self.true())

    def confusion_ratio(self) -> Values:
        """Return FP / TP of each class; infinite where only TP is 0, NaN where both are."""
        return ratio(self.false_positive(), self.true_positive())

    def boundary_f(self) -> Values:
        """Return each class's boundary F-score, averaged over images; NaN for a class without a true boundary."""
        return ratio(self.boundaries[..., 0, :], self.boundaries[..., 1, :])

    def pixel_accuracy(self) -> Values:
        """Return the share of all pixels that have their true class; uncertain ones have not."""
        return ratio(self.true_positive().sum(axis=-1), self.true().sum(axis=-1))

    def coverage(self) -> Values:
        """Return the share of all pixels that are not uncertain."""
        return ratio(self.predicted().sum(axis=-1), self.true().sum(axis=-1))

    def foreground(self) -> Values:
        """Return the share of all pixels that are predicted as a class other than background."""
        return ratio(self.predicted()[..., 1:].sum(axis=-1), self.true().sum(axis=-1))

    def pair_confusion_ratio(self) -> Values:
        """Split each class's confusion ratio by the true class of its false pixels.

        Returns:
            Float64 `[K+1, K+1]`: at `[a, b]` the pixels predicted as `a` whose truth is `b`, over the true positives
            of `a`; infinite without true positives, NaN where nothing was predicted and on the diagonal. The finite
            values of a row add up to the class's confusion ratio.
        """
        square = self.counts[:, :-1]  # [truth, prediction], without the uncertain predictions
        result = ratio(square.T, np.broadcast_to(self.true_positive()[:, None], square.shape))
        np.fill_diagonal(result, np.nan)
        return result


def ratio(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Values:
    """Divide counts: infinite where only the divisor is 0, NaN ("not defined") where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(part, whole), dtype=np.float64)
