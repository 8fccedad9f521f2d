"""What DVC's own commands show: a few numbers for `dvc metrics diff` and `dvc exp show`, tables for `dvc plots`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from seco.reporting.confusions import matrix_rows
from seco.reporting.measurements import Measurement, last_measurements, main_measurement
from seco.reporting.tables import write_frame
from seco.scores.metrics import CONFUSION_RATIO, MIOU
from seco.storage.json_file import write_metrics

HEADLINE_FILE = "headline.json"
PLOTS = "plots"


def write_dvc_files(folder: Path, scored: Sequence[Measurement], *, class_names: Sequence[str]) -> None:
    """Write `headline.json`, `plots/classes.csv` and `plots/confusion.csv`.

    The headline has mIoU and confusion ratio of the most refined masks of each kind and split: `dvc exp show` has a
    column for each number. The tables are about the masks that the page is about: a row for each class, and one for
    each cell of the confusion matrix that is not empty.

    Args:
        folder: the folder of the reports.
        scored: the measurements that have scores.
        class_names: foreground classes in id order.

    Raises:
        SecoError: a file cannot be written.
    """
    headline: dict[str, dict[str, Any]] = {}
    for item in last_measurements(scored):
        scores = {metric.name: metric.mean(item.evaluation.whole) for metric in (MIOU, CONFUSION_RATIO)}
        headline.setdefault(item.source.kind, {})[item.split] = scores
    write_metrics(folder / HEADLINE_FILE, headline)
    classes, cells = pd.DataFrame(columns=pd.Index(["class", "iou"])), []
    if scored:
        confusion = main_measurement(scored).evaluation.whole
        classes = pd.DataFrame({"class": ["background", *class_names], "iou": 100 * confusion.iou()})
        cells = matrix_rows(confusion, class_names=class_names)
    write_frame(folder / PLOTS / "classes.csv", classes)
    named = [{"truth": cell["y"], "called": cell["x"], "percent": cell["value"]} for cell in cells]
    write_frame(folder / PLOTS / "confusion.csv", pd.DataFrame(named, columns=pd.Index(["truth", "called", "percent"])))
