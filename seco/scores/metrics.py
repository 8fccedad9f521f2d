"""The scores that reports show: one row of `METRICS` each. Metrics, tables and summary follow from the rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seco.scores.confusion import ConfusionMatrix, Values
from seco.storage.label_map import BACKGROUND


@dataclass(frozen=True)
class Metric:
    """A score of each class, and its mean over classes.

    The mean runs over the classes that the truth shows and whose score is finite. The false positives of any other
    class are misses of the classes it was mistaken for.

    Attributes:
        name: of the mean: key in metrics.json, column in tables.
        class_name: of a class's score: column in tables.
        title: heading of a section on it.
        of_classes: returns the scores `[K+1]` of a confusion matrix, background first; may be NaN or infinite.
        background: whether the mean includes background.
        percent: whether tables show it in percent; metrics.json holds fractions.
        prominent: whether the summary shows it, and report.md the scores of all classes.
    """

    name: str
    class_name: str
    title: str
    of_classes: Callable[[ConfusionMatrix], Values]
    background: bool = True
    percent: bool = True
    prominent: bool = False

    def mean(self, confusion: ConfusionMatrix) -> float:
        """Return the mean over classes; NaN where no class counts, or the truth shows background alone."""
        values = self.of_classes(confusion)
        counted = confusion.occurs() & np.isfinite(values)
        counted[BACKGROUND] &= self.background and confusion.occurs()[BACKGROUND + 1 :].any()
        return float(values[counted].mean()) if counted.any() else float("nan")

    @property
    def factor(self) -> int:
        """What tables multiply it by."""
        return 100 if self.percent else 1

    @property
    def column(self) -> str:
        """The column of the mean."""
        return self.name + "_percent" * self.percent

    @property
    def class_column(self) -> str:
        """The column of a class's score."""
        return self.class_name + "_percent" * self.percent


MIOU = Metric("miou", "iou", "IoU", ConfusionMatrix.iou, prominent=True)
PRECISION = Metric("precision", "precision", "Precision", ConfusionMatrix.precision)
RECALL = Metric("recall", "recall", "Recall", ConfusionMatrix.recall)
CONFUSION_RATIO = Metric(
    *("confusion_ratio", "confusion_ratio", "Confusion ratio", ConfusionMatrix.confusion_ratio),
    background=False,
    percent=False,
    prominent=True,
)
METRICS = {metric.name: metric for metric in (MIOU, PRECISION, RECALL, CONFUSION_RATIO)}
"""By name, in the order of the tables' columns."""
