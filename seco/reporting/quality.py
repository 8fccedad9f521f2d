"""Two sections of a page: how good the masks are, and how sure a reader and the network can be."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from seco.reporting.blocks import Block, Chart, Prose, Section, Table
from seco.reporting.measurements import Measurement
from seco.reporting.tables import class_table, headline_table, label_headline, label_table, with_intervals
from seco.scores.calibration import CENTRES
from seco.scores.classification import LABELS, LabelScores
from seco.scores.metrics import MEANING, MIOU

_CALIBRATION = """\
A pixel's confidence is the highest probability of the segmentation at several scales, stored in 16 levels. On the
diagonal, the network is right as often as it says; below, it is too sure of itself. The expected calibration error
(ECE) is the mean distance from the diagonal over all pixels, exact to the width of half a level (3 points).
"""
_WIDTH = 480  # pixels of a chart


def how_good(
    measurements: Sequence[Measurement], labels: Mapping[str, LabelScores], *, class_names: Sequence[str]
) -> Section:
    """Return the scores of all masks with their intervals, those of each class, and those of the classifier.

    Args:
        measurements: what ``measure`` returned; splits without truth masks are left out.
        labels: the scores of the classifier by split.
        class_names: foreground classes in id order.
    """
    scored = [item for item in measurements if item.is_scored]
    headline = headline_table(scored)
    blocks: list[Block] = []
    if scored:
        chart = Chart(_intervals(headline), alt="mIoU of each kind of masks and split with its interval")
        classes = class_table(scored, class_names=class_names)
        blocks += [
            Prose(MEANING),
            Table(with_intervals(headline), caption="All masks"),
            chart,
            Table(classes, caption="Each class; images are those whose truth shows it"),
        ]
    else:
        blocks.append(Prose("No image has a truth mask, so masks cannot be scored."))
    if labels:
        blocks += [
            Prose(LABELS),
            Table(with_intervals(label_headline(labels)), caption="Labels of images"),
            Table(label_table(labels, class_names=class_names), caption="Labels of images, each class", decimals=1),
        ]
    return Section("how-good", "How good are the masks?", tuple(blocks))


def how_sure(measurements: Sequence[Measurement]) -> Section:
    """Return whether the segmentation is right as often as it says; arguments as above."""
    known = [item for item in measurements if len(item.evaluation.calibration)]
    if not known:
        text = "The confidence of the segmentation is not known: `seco predict` writes it since this version."
        return Section("how-sure", "How sure is the network?", (Prose(text),))
    errors = pd.DataFrame([{**item.key, **_error(item)} for item in known])
    levels = reliability_table(known)
    alt_text = "How often pixels of each confidence are right, for each split, beside the diagonal"
    blocks = (
        Prose(_CALIBRATION),
        Table(with_intervals(errors), caption="Expected calibration error"),
        Chart(_reliability(levels), alt=alt_text),
        Table(levels, caption="Each level of confidence", decimals=1),
    )
    return Section("how-sure", "How sure is the network?", blocks)


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


def _intervals(headline: pd.DataFrame) -> dict[str, object]:
    """Return a chart of mIoU: a point and its interval for each kind of masks, in the colour of the split."""
    low, high = MIOU.column_of("_low"), MIOU.column_of("_high")
    frame = headline[["masks", "split", MIOU.column, low, high]]
    base = alt.Chart(frame).encode(
        y=alt.Y("masks:N", title=None, sort=None),
        yOffset=alt.YOffset("split:N", sort=None),
        color=alt.Color("split:N", sort=None),
    )
    scale = alt.Scale(zero=False)
    points = base.mark_point(filled=True, size=60).encode(
        x=alt.X(f"{MIOU.column}:Q", title="mIoU %", scale=scale),
        tooltip=["masks:N", "split:N", *(alt.Tooltip(f"{name}:Q", format=".1f") for name in (MIOU.column, low, high))],
    )
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X(f"{low}:Q", scale=scale), x2=alt.X2(f"{high}:Q"))
    return (rules + points).properties(width=_WIDTH).to_dict()


def _reliability(levels: pd.DataFrame) -> dict[str, object]:
    """Return the reliability curve of each split, and the diagonal."""
    scale = alt.Scale(domain=[0, 100])
    curves = (
        alt.Chart(levels)
        .mark_line(point=True)
        .encode(
            x=alt.X("confidence_percent:Q", title="confidence %", scale=scale),
            y=alt.Y("accuracy_percent:Q", title="pixels that are right %", scale=scale),
            color=alt.Color("split:N", sort=None),
            tooltip=["split:N", *(alt.Tooltip(f"{name}:Q", format=".1f") for name in levels.columns[2:])],
        )
    )
    ends = pd.DataFrame({"confidence_percent": [0, 100], "accuracy_percent": [0, 100]})
    diagonal = (
        alt.Chart(ends)
        .mark_line(strokeDash=[4, 4], color="#909090")
        .encode(x="confidence_percent:Q", y="accuracy_percent:Q")
    )
    return (diagonal + curves).properties(width=_WIDTH, height=_WIDTH * 3 // 4).to_dict()
