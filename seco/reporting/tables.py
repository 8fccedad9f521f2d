"""The numbers of a report as frames: the same frame becomes a CSV, a table in the report and one on the terminal.

Shares are in percent here and in fractions (0..1) in metrics.json; confusion ratios are plain quotients in both.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seco.reporting.intervals import INTERVAL
from seco.reporting.measurements import Measurement
from seco.scores.classification import LabelScores
from seco.scores.confusion import Counts
from seco.scores.metrics import METRICS, headline_metrics
from seco.storage.csv_file import write_csv
from seco.storage.label_map import BACKGROUND
from seco.storage.pairs import lift
from seco.storage.plain_text import escape_markdown

_COLUMN = re.compile(r"[a-z0-9_]+")
_LEAST_SHOWN = 0.01
_PAIR_COLUMNS = ("masks", "split", "class", "other", "images_together", "lift", "confusion_ratio")
_CONTEXT_COLUMNS = (
    *("masks", "split", "context", "class", "images_with", "images_without"),
    *("confusion_with", "confusion_without", "difference"),
)


def headline_table(measurements: Sequence[Measurement]) -> pd.DataFrame:
    """Return a row for each source and split: masks, split, images and the mean of each metric of the headline.

    A mean has three columns: its value and, with `_low` and `_high`, the ends of its 95 % interval over images.
    """
    metrics = headline_metrics()
    names = [metric.column_of(end) for metric in metrics for end in INTERVAL]
    rows = []
    for item in measurements:
        ends = (metric.factor * value for metric in metrics for value in item.intervals[metric.name])
        rows.append({**item.key, "images": item.evaluation.whole.images, **dict(zip(names, ends, strict=True))})
    return pd.DataFrame(rows, columns=pd.Index(["masks", "split", "images", *names]))


def class_table(measurements: Sequence[Measurement], *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each source, split and class (background first): the images that show it, and each metric."""
    names = dict.fromkeys(metric.class_column for metric in METRICS.values())
    columns = ["masks", "split", "class", "images", *names]
    frames = [pd.DataFrame(columns=pd.Index(columns))] if not measurements else []
    for item in measurements:
        whole = item.evaluation.whole
        scores = {metric.class_column: metric.factor * metric.of_classes(whole) for metric in METRICS.values()}
        fixed = {**item.key, "class": ["background", *class_names], "images": whole.images_of_class}
        frames.append(pd.DataFrame({**fixed, **scores}))
    return pd.concat(frames, ignore_index=True)


def label_headline(labels: Mapping[str, LabelScores]) -> pd.DataFrame:
    """Return a row for each split: its images, and the means of the classifier's scores with their intervals."""
    names = [f"{name}{end}_percent" for name in ("mean_average_precision", "f1") for end in INTERVAL]
    rows = []
    for split, found in labels.items():
        ends = (100 * value for interval in (found.mean_average_precision, found.mean_f1) for value in interval)
        rows.append({"split": split, "images": found.images, **dict(zip(names, ends, strict=True))})
    return pd.DataFrame(rows, columns=pd.Index(["split", "images", *names]))


def label_table(labels: Mapping[str, LabelScores], *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each split and class: the images with the label, its average precision and F1 in percent."""
    columns = ["split", "class", "images", "average_precision_percent", "f1_percent"]
    rows = [
        row
        for split, found in labels.items()
        for row in zip(
            [split] * len(class_names),
            class_names,
            found.images_of_class.tolist(),
            (100 * found.average_precision).tolist(),
            (100 * found.f1).tolist(),
            strict=True,
        )
    ]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def pair_table(
    measurements: Sequence[Measurement], *, class_names: Sequence[str], pairs: Counts, num_images: int
) -> pd.DataFrame:
    """Return what each class was mistaken for, the highest ratio first within a source and split.

    Args:
        measurements: the evaluations.
        class_names: foreground classes in id order.
        pairs: the images of the data set that show two classes, as of `read_pairs`.
        num_images: number of images that were counted there.

    Returns:
        Columns masks, split, class, other (what the false pixels really show; may be background), images_together,
        lift, confusion_ratio (FP of the class on the other / TP of the class). Classes that share no image and
        background are left out where the ratio is below 0.01.
    """
    names = ["background", *class_names]
    lifts = lift(pairs, num_images=num_images)
    rows: list[dict[str, Any]] = []
    for item in measurements:
        ratios = np.nan_to_num(item.evaluation.whole.pair_confusion_ratio(), nan=-1.0)  # undefined comes last
        kept = (ratios >= _LEAST_SHOWN) | ((pairs > 0) & ~np.eye(len(pairs), dtype=bool))
        found = [(class_id, other) for class_id, other in np.argwhere(kept).tolist() if class_id != BACKGROUND]
        for class_id, other in sorted(found, key=lambda pair: -ratios[pair]):
            row = {
                "class": names[class_id],
                "other": names[other],
                "images_together": int(pairs[class_id, other]),
                "lift": lifts[class_id, other],
                "confusion_ratio": ratios[class_id, other] if ratios[class_id, other] >= 0 else math.nan,
            }
            rows.append({**item.key, **row})
    return pd.DataFrame(rows, columns=pd.Index(_PAIR_COLUMNS))


def context_table(measurements: Sequence[Measurement], *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return each class's confusion ratio with and without each context, the largest difference first.

    Columns masks, split, context, class, images_with and images_without (images that show the class, with the context
    and without it), confusion_with, confusion_without, difference. Pairs whose ratios are not both finite are left out,
    and so is a context that is the class itself. Empty where no context is known.
    """
    names = ["background", *class_names]
    rows: list[dict[str, Any]] = []
    for item in measurements:
        whole = item.evaluation.whole
        compared = []
        for context, inside in item.evaluation.by_context.items():
            outside = whole.minus(inside)
            ratios = (counts.confusion_ratio().tolist() for counts in (inside, outside))
            for class_id, (name, ratio, ratio_outside) in enumerate(zip(names, *ratios, strict=True)):
                row = {
                    "context": context,
                    "class": name,
                    "images_with": int(inside.images_of_class[class_id]),
                    "images_without": int(outside.images_of_class[class_id]),
                    "confusion_with": ratio,
                    "confusion_without": ratio_outside,
                    "difference": ratio - ratio_outside,
                }
                if class_id != BACKGROUND and name != context and math.isfinite(row["difference"]):
                    compared.append({**item.key, **row})
        rows += sorted(compared, key=lambda row: -row["difference"])
    return pd.DataFrame(rows, columns=pd.Index(_CONTEXT_COLUMNS))


def side_by_side(frame: pd.DataFrame, *, index: Sequence[str], value: str) -> pd.DataFrame:
    """Return a row for each `index`, with the `value` of each source and split in a column."""
    labelled = frame.assign(column=frame["masks"] + " (" + frame["split"] + ")")
    wide = labelled.set_index([*index, "column"])[value].unstack("column")
    # Unstacking sorts: bring rows and columns back into the order of the frame.
    rows = labelled.set_index(list(index)).index.unique()
    wide = wide.reindex(index=rows, columns=labelled["column"].unique())
    return wide.reset_index().rename_axis(columns=None)


def most_together(pairs: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the confusion of the pairs of classes that most often share an image, sources side by side.

    Args:
        pairs: the frame of `pair_table`.
        rows: number of pairs. Each takes two rows, one for each direction (horse predicted as person, person predicted
            as horse). Pairs that share an image no more often than by chance (lift at most 1) are left out.
    """
    tied = pairs.loc[(pairs["images_together"] > 0) & (pairs["lift"] > 1)]
    ranked = tied.sort_values(by="images_together", ascending=False, kind="stable")
    keys = [frozenset(pair) for pair in zip(ranked["class"], ranked["other"], strict=True)]
    rank = {key: index for index, key in enumerate(dict.fromkeys(keys)) if index < rows}
    ranked = ranked.assign(rank=[rank.get(key, rows) for key in keys])
    # Sorted by rank, so that the two directions of a pair stand together where pairs meet equally often.
    chosen = ranked.loc[ranked["rank"] < rows].sort_values(by="rank", kind="stable")
    return side_by_side(chosen, index=["class", "other", "images_together", "lift"], value="confusion_ratio")


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame without its index: six significant digits, `inf`, and an empty cell for "not defined".

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    rows = [[_plain_cell(value) for value in row.values()] for row in frame.to_dict("records")]
    write_csv(path, rows, columns=[str(name) for name in frame.columns])


def to_markdown(frame: pd.DataFrame, *, decimals: int = 2) -> str:
    """Return a frame as a Markdown table, numbers right-aligned; percentages always have one decimal."""
    headings, *rows = shown_cells(frame, decimals=decimals)
    rule = ["--:" if is_number else "---" for is_number in numeric_columns(frame)]
    lines = (map(escape_markdown, headings), rule, *(map(escape_markdown, row) for row in rows))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def shown_cells(frame: pd.DataFrame, *, decimals: int = 2) -> list[list[str]]:
    """Return the headings and then the rows of a frame as people read them, with ∞ and – for "not defined"."""
    rows = [[_cell(str(name), value, decimals) for name, value in row.items()] for row in frame.to_dict("records")]
    return [[heading_of(str(name)) for name in frame.columns], *rows]


def numeric_columns(frame: pd.DataFrame) -> list[bool]:
    """Return for each column whether it holds numbers."""
    return [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]


def heading_of(name: str) -> str:
    """Return what people read above a column; a name with other signs than a column of ours stays as it is."""
    if not _COLUMN.fullmatch(name):
        return name
    for plain, shown in (("miou", "mIoU"), ("iou_", "IoU_"), ("f1_", "F1_"), ("boundary_f_", "boundary_F_")):
        name = name.replace(plain, shown)
    return name.replace("_percent", " %").replace("_", " ")


def _plain_cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.6g}"


def _cell(name: str, value: Any, decimals: int) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.1f}" if name.endswith("_percent") else f"{value:.{decimals}f}"
