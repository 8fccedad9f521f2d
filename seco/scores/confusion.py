"""One confusion matrix, and every score derived from it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seco.storage.label_map import BACKGROUND, IGNORE

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of K foreground classes and background; the arrays are float64 `[K+1]`, fractions, NaN = not defined.

    Attributes:
        iou: TP / (TP + FP + FN).
        precision: TP / (TP + FP); not defined for a class that is never predicted.
        recall: TP / (TP + FN); not defined for a class the truth does not show.
        confusion_ratio: FP / TP; infinite where TP = 0 and FP > 0, not defined where both are 0.
        occurs: bool `[K+1]`, whether the truth shows the class.
        miou: mean IoU over the classes that occur.
        mean_precision: mean over the classes that occur and are predicted at least once.
        mean_recall: mean over the classes that occur.
        mean_confusion_ratio: mean over the foreground classes whose ratio is finite ("all categories" of Table 3).
        infinite, undefined: ids of the foreground classes which that mean leaves out.

    A class that the truth never shows counts in no mean but the confusion ratio's, where it can only be infinite or
    undefined and so is left out too; its false positives are the misses of the classes it was mistaken for.
    """

    iou: Values
    precision: Values
    recall: Values
    confusion_ratio: Values
    occurs: npt.NDArray[np.bool_]
    miou: float
    mean_precision: float
    mean_recall: float
    mean_confusion_ratio: float
    infinite: tuple[int, ...]
    undefined: tuple[int, ...]


class ConfusionMatrix:
    """Pixel counts of (true class, predicted class), background included.

    Args:
        num_classes: number of foreground classes K.

    Attributes:
        counts: int64 `[K+1, K+2]`; row = truth, column = prediction. The last column counts pixels for which the
            prediction is 255 (uncertain): a miss of the true class and a false positive of none.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.counts: Counts = np.zeros((num_classes + 1, num_classes + 2), dtype=np.int64)

    def update(self, truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8]) -> None:
        """Count the pixels of two uint8 masks of one shape; pixels whose truth is 255 (ignore) are left out.

        Raises:
            ValueError: the shapes differ, they are not uint8, or a value is neither 0..K nor 255.
        """
        if truth.shape != prediction.shape:
            raise ValueError(f"truth {truth.shape} and prediction {prediction.shape} differ in shape")
        if truth.dtype != np.uint8 or prediction.dtype != np.uint8:
            raise ValueError(f"masks are uint8, not {truth.dtype} and {prediction.dtype}")
        uncertain = self.num_classes + 1
        # One histogram of the pairs as bytes, and the class range looked at afterwards: one pass over the pixels.
        pairs = truth.astype(np.uint16).ravel() << 8 | prediction.astype(np.uint16).ravel()
        table = np.bincount(pairs, minlength=256 * 256).reshape(256, 256)  # [truth, prediction]
        known = np.r_[0:uncertain, IGNORE]
        table_known = table[np.ix_(known, known)]  # [K+2, K+2]
        if table_known.sum() != truth.size:
            raise ValueError(f"a mask holds a value that is neither 0..{self.num_classes} nor {IGNORE}")
        self.counts += table_known[:uncertain]

    def merge(self, other: "ConfusionMatrix") -> None:
        """Add the counts of another matrix of the same classes.

        Raises:
            ValueError: the class counts differ.
        """
        if other.num_classes != self.num_classes:
            raise ValueError(f"cannot merge {other.num_classes} classes into {self.num_classes}")
        self.counts += other.counts

    def minus(self, other: "ConfusionMatrix") -> "ConfusionMatrix":
        """Return the counts of the images that `other`, which counted some of this matrix's images, did not see."""
        rest = ConfusionMatrix(self.num_classes)
        rest.counts = self.counts - other.counts
        return rest

    @property
    def true_positive(self) -> Counts:
        """Pixels `[K+1]` of each class that were found."""
        return np.diagonal(self.counts).copy()

    @property
    def false_positive(self) -> Counts:
        """Pixels `[K+1]` of other classes taken for each class."""
        return self.counts[:, :-1].sum(axis=0) - self.true_positive

    @property
    def false_negative(self) -> Counts:
        """Pixels `[K+1]` of each class that were taken for another or left uncertain."""
        return self.counts.sum(axis=1) - self.true_positive

    def scores(self) -> Scores:
        """Return every score of the pixels counted so far."""
        hit, false, missed = self.true_positive, self.false_positive, self.false_negative
        occurs = hit + missed > 0
        iou, precision, recall = ratio(hit, hit + false + missed), ratio(hit, hit + false), ratio(hit, hit + missed)
        confusion = ratio(false, hit)
        foreground = np.arange(BACKGROUND + 1, self.num_classes + 1)
        finite = foreground[np.isfinite(confusion[foreground])]
        return Scores(
            iou=iou,
            precision=precision,
            recall=recall,
            confusion_ratio=confusion,
            occurs=occurs,
            miou=_mean(iou[occurs]),
            mean_precision=_mean(precision[occurs & (hit + false > 0)]),
            mean_recall=_mean(recall[occurs]),
            mean_confusion_ratio=_mean(confusion[finite]),
            infinite=tuple(foreground[np.isinf(confusion[foreground])].tolist()),
            undefined=tuple(foreground[np.isnan(confusion[foreground])].tolist()),
        )


def ratio(part: Counts, whole: Counts) -> Values:
    """Divide pixel counts: infinite where only the divisor is 0, NaN ("not defined") where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(part, whole), dtype=np.float64)


def _mean(values: Values) -> float:
    return float(values.mean()) if values.size else float("nan")
