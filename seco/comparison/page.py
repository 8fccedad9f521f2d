"""The comparison for people: a table for the terminal, a sentence, and the sections of a page."""

import math

import pandas as pd

from seco.comparison.differences import REFERENCE
from seco.reporting.blocks import Chart, Prose, Section, Table
from seco.reporting.charts import interval_bars
from seco.reporting.intervals import INTERVAL, interval_cell
from seco.reporting.measurements import title_of
from seco.reporting.tables import heading_of
from seco.scores.counts_file import CountsKey
from seco.scores.metrics import METRICS, MIOU

_HOW = """\
Every difference is to the first run, over the same images: both runs are scored on the same resamples of images, so
that what makes an image hard for both cancels. In brackets are 95 % intervals. A run is called better or worse where
the whole interval is on one side of 0. The intervals do not contain the chance of training: another seed may differ by
more.
"""


def answer(scores: pd.DataFrame) -> str:
    """Say in a sentence how the mIoU of the most refined masks differs, on the first split that has them."""
    rows = scores.loc[scores["metric"] == MIOU.name]
    of_last = rows.loc[rows["kind"] == rows["kind"].iloc[-1]]
    first = of_last.iloc[0]
    shown = of_last.loc[(of_last["split"] == first["split"]) & (of_last["variant"] == of_last["variant"].iloc[-1])]
    parts = [
        f"{row['run']} {row['verdict']}"
        + (f", {_signed(row, percent=True)} points" if math.isfinite(row["difference"]) else "")
        for row in shown.to_dict("records")
        if row["verdict"] != REFERENCE
    ]
    masks = title_of(first["kind"], shown["variant"].iloc[-1])
    return f"mIoU against {first['run']} ({masks}, {first['split']}): {'; '.join(parts)}."


def shown_scores(scores: pd.DataFrame, *, intervals: bool) -> pd.DataFrame:
    """Return the frame of ``score_differences`` as people read it.

    A row for each masks, metric and run after the first, which has a column of its own; metrics that no run has are
    left out. ``intervals``: whether values have their intervals, as differences do.
    """
    rows, reference = [], {}
    for row in scores.dropna(subset=["value"]).to_dict("records"):
        metric = METRICS[row["metric"]]
        key = (row["kind"], row["split"], row["variant"], row["metric"])
        value, *ends = (metric.factor * row[f"value{end}"] if intervals or not end else math.nan for end in INTERVAL)
        value = interval_cell(value, *ends, decimals=1 if metric.percent else 2)
        if row["verdict"] == REFERENCE:
            reference[key] = value
            continue
        rows.append(
            {
                "masks": title_of(row["kind"], row["variant"]),
                "split": row["split"],
                "score": heading_of(metric.column),
                f"{scores['run'].iloc[0]} (reference)": reference.get(key, "–"),
                "run": row["run"],
                "value": value,
                "difference": _signed(row, percent=metric.percent),
                "verdict": row["verdict"],
            }
        )
    return pd.DataFrame(rows)


def sections(scores: pd.DataFrame, classes: dict[CountsKey, pd.DataFrame], settings: pd.DataFrame) -> list[Section]:
    """Return the sections of the page.

    Args:
        scores: the frame of ``score_differences``.
        classes: that of ``class_differences`` for some masks.
        settings: that of ``setting_differences``.
    """
    found = [
        Section("scores", "Scores", (Prose(_HOW), Table(shown_scores(scores, intervals=True), "Scores of each run")))
    ]
    if len(settings):
        found.append(Section("settings", "Settings that differ", (Table(settings, "Values of params.yaml"),)))
    for number, (key, frame) in enumerate(classes.items()):
        title = f"{title_of(key.kind, key.variant)} ({key.split})"
        found.append(
            Section(
                f"classes-{number}",
                f"Classes: {title}",
                (
                    Chart(
                        interval_bars(_bars(frame), value="difference in IoU, points", percent=False),
                        f"Bars of the difference in IoU of each class, {title}, with 95 % intervals; the table holds "
                        "the same numbers.",
                    ),
                    Table(_shown_classes(frame), f"IoU of each class, {title}"),
                ),
            )
        )
    return found


def _bars(frame: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    for row in frame.to_dict("records"):
        value, low, high = (100 * row[f"difference{end}"] for end in INTERVAL)
        rows.append({"label": row["class"], "group": row["run"], "value": value, "low": low, "high": high})
    return rows


def _shown_classes(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "class": frame["class"],
            "run": frame["run"],
            "reference_percent": 100 * frame["reference"],
            "value_percent": 100 * frame["value"],
            "difference": [_signed(row, percent=True) for row in frame.to_dict("records")],
            "verdict": frame["verdict"],
        }
    )


def _signed(row: dict[str, float], *, percent: bool) -> str:
    """Return "+1.3 (+0.4 to +2.1)"; shares in points of percent."""
    factor, decimals = (100, 1) if percent else (1, 2)
    shown = [f"{factor * row[f'difference{end}']:+.{decimals}f}" for end in INTERVAL]
    if "+nan" in shown[0]:
        return "–"
    return shown[0] if "nan" in shown[1] else f"{shown[0]} ({shown[1]} to {shown[2]})"
