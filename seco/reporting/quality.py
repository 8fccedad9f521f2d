"""Two sections of a page: how good the masks are, and how sure a reader and the network can be."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from seco.reporting.blocks import Block, Chart, Points, Prose, Section, Table
from seco.reporting.charts import curves, interval_bars
from seco.reporting.intervals import with_intervals
from seco.reporting.measurements import Measurement, rows_of
from seco.reporting.report import Report
from seco.scores.calibration import CENTRES
from seco.scores.classification import LABELS
from seco.scores.metrics import MEANING, MIOU

_CALIBRATION = """\
A pixel's confidence is the highest probability of the segmentation at several scales, stored in 16 levels. On the
diagonal, the network is right as often as it says; below, it is too sure of itself. The expected calibration error
(ECE) is the mean distance from the diagonal over all pixels, exact to the width of half a level (3 points).
"""
_NOT_KNOWN = "The confidence of the segmentation was not stored: run `seco predict` again."
_DIAGONAL = "right as often as it says"


def how_good(report: Report, main: Measurement) -> Section:
    """Return the scores of all masks with their intervals, every class of the page's own masks, and the classifier."""
    rows = rows_of(report.classes, main.key)
    where = f"{main.source.title}, {main.split}"
    ranked = rows.dropna(subset=[MIOU.class_column]).sort_values(MIOU.class_column, ascending=False)
    bars: list[dict[str, Any]] = [
        {"label": row["class"], "value": row[MIOU.class_column]} for row in ranked.to_dict("records")
    ]
    chart = Chart(
        interval_bars(bars, value="IoU, %"),
        alt=f"IoU of each class ({where}), the best first; the table below has the numbers.",
    )
    blocks: list[Block] = [Table(with_intervals(report.headline), caption="All masks: means over the classes")]
    blocks += [Points(report.notes)] if report.notes else []
    blocks += [chart, Table(rows.drop(columns=["masks", "split"]), caption=f"Every class ({where})"), Prose(MEANING)]
    if len(report.labels):
        blocks += [Table(with_intervals(report.labels), caption="The classifier: labels of images"), Prose(LABELS)]
    return Section("scores", "How good is it?", tuple(blocks))


def how_sure(measurements: Sequence[Measurement]) -> Section:
    """Return whether the segmentation is right as often as it says."""
    known = [item for item in measurements if len(item.evaluation.calibration)]
    if not known:
        return Section("sure", "How sure is it?", (Prose(_NOT_KNOWN),))
    errors = pd.DataFrame([{**item.key, **_error(item)} for item in known])
    levels = reliability_table(known)
    points = [
        {"x": row["confidence_percent"], "y": row["accuracy_percent"], "curve": row["split"]}
        for row in levels.to_dict("records")
    ]
    points += [{"x": end, "y": end, "curve": _DIAGONAL} for end in (0, 100)]
    chart = Chart(
        curves(points, x="confidence, %", y="pixels that are right, %"),
        alt="How often pixels of each confidence are right, for each split, beside the diagonal; the table has the "
        "numbers.",
    )
    blocks = (
        Prose(_CALIBRATION),
        Table(with_intervals(errors), caption="Expected calibration error"),
        chart,
        Table(levels, caption="Each level of confidence", decimals=1),
    )
    return Section("sure", "How sure is it?", blocks)


def reliability_table(measurements: Sequence[Measurement]) -> pd.DataFrame:
    """Return a row for each source, split and level: its confidence, accuracy and share of the pixels, in percent."""
    frames = []
    for item in measurements:
        calibration = item.evaluation.calibration
        shares = 100 * calibration.pixels / max(calibration.pixels.sum(), 1)
        columns = {"confidence_percent": 100 * CENTRES, "accuracy_percent": 100 * calibration.accuracy()}
        frames.append(pd.DataFrame({**item.key, **columns, "pixels_percent": shares}))
    return pd.concat(frames, ignore_index=True).dropna(ignore_index=True)


def _error(item: Measurement) -> dict[str, float]:
    error = item.evaluation.calibration.error()
    return {
        "calibration_error_percent": 100 * error.value,
        "calibration_error_low_percent": 100 * error.low,
        "calibration_error_high_percent": 100 * error.high,
    }
