"""The scores that reports show: a row of `METRICS` or `TOTALS` each, from which metrics, tables and summary follow."""

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
        of_classes: returns the scores `[..., K+1]` of a confusion matrix, background first; may be NaN or infinite.
        background: whether the mean includes background.
        percent: whether tables show it in percent; metrics.json holds fractions.
        headline: whether the headline shows it, with its interval.
        prominent: whether the summary shows it, and report.md the scores of all classes.
        lower_is_better: whether less of it is better.
    """

    name: str
    class_name: str
    title: str
    of_classes: Callable[[ConfusionMatrix], Values]
    background: bool = True
    percent: bool = True
    headline: bool = False
    prominent: bool = False
    lower_is_better: bool = False

    def mean(self, confusion: ConfusionMatrix) -> float:
        """Return the mean over classes; NaN where no class counts, or the truth shows background alone."""
        return float(self.means(confusion))

    def means(self, confusion: ConfusionMatrix) -> Values:
        """Return the mean of each of `stacked` matrices."""
        values = self.of_classes(confusion)
        occurs = confusion.occurs()
        counted = occurs & np.isfinite(values)
        counted[..., BACKGROUND] &= self.background & occurs[..., BACKGROUND + 1 :].any(axis=-1)
        total = np.where(counted, values, 0.0).sum(axis=-1)
        with np.errstate(invalid="ignore"):
            return np.asarray(total / counted.sum(axis=-1))

    @property
    def factor(self) -> int:
        """What tables multiply it by."""
        return 100 if self.percent else 1

    @property
    def column(self) -> str:
        """The column of the mean."""
        return self.column_of("")

    def column_of(self, end: str) -> str:
        """Return the column of the mean or, with "_low" or "_high", of an end of its interval."""
        return self.name + end + "_percent" * self.percent

    @property
    def class_column(self) -> str:
        """The column of a class's score."""
        return self.class_name + "_percent" * self.percent


@dataclass(frozen=True)
class Total:
    """A score of all pixels together, as a fraction; in metrics.json alone.

    Attributes:
        name: key in metrics.json.
        of_all: returns the score `[...]` of a confusion matrix.
    """

    name: str
    of_all: Callable[[ConfusionMatrix], Values]

    def mean(self, confusion: ConfusionMatrix) -> float:
        """Return the score; NaN where no pixel was counted."""
        return float(self.means(confusion))

    def means(self, confusion: ConfusionMatrix) -> Values:
        """Return the score of each of `stacked` matrices."""
        return np.asarray(self.of_all(confusion))


MIOU = Metric("miou", "iou", "IoU", ConfusionMatrix.iou, headline=True, prominent=True)
PRECISION = Metric("precision", "precision", "Precision", ConfusionMatrix.precision, headline=True)
RECALL = Metric("recall", "recall", "Recall", ConfusionMatrix.recall, headline=True)
BOUNDARY_F = Metric(
    *("boundary_f", "boundary_f", "Boundary F-score", ConfusionMatrix.boundary_f), headline=True, prominent=True
)
CONFUSION_RATIO = Metric(
    *("confusion_ratio", "confusion_ratio", "Confusion ratio", ConfusionMatrix.confusion_ratio),
    background=False,
    percent=False,
    headline=True,
    prominent=True,
    lower_is_better=True,
)
METRICS = {
    metric.name: metric
    for metric in (
        *(MIOU, PRECISION, RECALL),
        Metric("f1", "f1", "F1", ConfusionMatrix.f1),
        BOUNDARY_F,
        CONFUSION_RATIO,
        # As the authors average it; their mean hides much of the foreground's.
        Metric(
            *("confusion_ratio_with_background", "confusion_ratio", "Confusion ratio, background included"),
            ConfusionMatrix.confusion_ratio,
            percent=False,
            lower_is_better=True,
        ),
        Metric(
            *("false_positive_rate", "false_positive_rate", "False positives", ConfusionMatrix.false_positive_rate),
            lower_is_better=True,
        ),
        Metric(
            *("false_negative_rate", "false_negative_rate", "False negatives", ConfusionMatrix.false_negative_rate),
            lower_is_better=True,
        ),
    )
}
"""By name, in the order of the tables' columns."""

TOTALS = {
    total.name: total
    for total in (
        Total("pixel_accuracy", ConfusionMatrix.pixel_accuracy),
        Total("coverage", ConfusionMatrix.coverage),
        Total("foreground", ConfusionMatrix.foreground),
    )
}
"""By name."""

MEANING = """\
Shares are in percent; in brackets are 95 % intervals of a bootstrap over images. IoU, precision, recall and the
boundary F-score are means over the classes that occur in the truth, background included; a class that is never found
counts with 0, one that is never predicted has no precision. The boundary F-score compares outlines in each image, with
a tolerance of 0.75 % of its diagonal. The confusion ratio is FP / TP (lower is better); its mean runs over the
foreground classes for which it is finite: a class without true positives is left out and named in a note.
`confusion_ratio_with_background` in metrics.json includes background, as the authors average it. The predictions of a
class that the truth never shows count as misses of the classes that are there. Uncertain pixels of a mask count as
missed.
"""
"""What the numbers mean, for readers of a report."""


def headline_metrics() -> list[Metric]:
    """Return the metrics of the headline, in its order."""
    return [metric for metric in METRICS.values() if metric.headline]
