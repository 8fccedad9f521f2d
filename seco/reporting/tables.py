"""The numbers of a report as frames: the same frame becomes a CSV, a table in the report and one on the terminal.

Shares are in percent here and in fractions (0..1) in metrics.json; confusion ratios are plain quotients in both.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from seco.data.cooccurrence import Counts, lift
from seco.reporting.sources import Measured
from seco.scores.cooccurrence import context_costs, pair_confusion
from seco.storage.label_map import BACKGROUND

_LEAST_SHOWN = 0.01
_HEADLINE_COLUMNS = (
    *("masks", "split", "images"),
    *("miou_percent", "precision_percent", "recall_percent", "confusion_ratio"),
)
_CLASS_COLUMNS = ("masks", "split", "class", "iou_percent", "precision_percent", "recall_percent", "confusion_ratio")
_PAIR_COLUMNS = ("masks", "split", "class", "other", "images_together", "lift", "confusion_ratio")
_CONTEXT_COLUMNS = (
    *("masks", "split", "context", "class", "images_with", "images_without"),
    *("confusion_with", "confusion_without", "difference"),
)


def headline_table(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return a row for each source and split: masks, split, images, miou/precision/recall_percent, confusion_ratio."""
    rows = []
    for item in measured:
        scores = item.evaluation.whole.confusion.scores()
        row = {
            "miou_percent": 100 * scores.miou,
            "precision_percent": 100 * scores.mean_precision,
            "recall_percent": 100 * scores.mean_recall,
            "confusion_ratio": scores.mean_confusion_ratio,
        }
        rows.append({**_key(item), "images": item.evaluation.whole.images, **row})
    return pd.DataFrame(rows, columns=pd.Index(_HEADLINE_COLUMNS))


def class_table(measured: Sequence[Measured], *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each source, split and class (background first) with its four scores."""
    frames = [pd.DataFrame(columns=pd.Index(_CLASS_COLUMNS))] if not measured else []
    for item in measured:
        scores = item.evaluation.whole.confusion.scores()
        columns = {
            "class": ["background", *class_names],
            "iou_percent": 100 * scores.iou,
            "precision_percent": 100 * scores.precision,
            "recall_percent": 100 * scores.recall,
            "confusion_ratio": scores.confusion_ratio,
        }
        frames.append(pd.DataFrame({**_key(item), **columns}))
    return pd.concat(frames, ignore_index=True)


def pair_table(
    measured: Sequence[Measured], *, class_names: Sequence[str], pairs: Counts, num_images: int
) -> pd.DataFrame:
    """Return what each class was mistaken for, the costliest first within a source and split.

    Args:
        measured: the evaluations.
        class_names: foreground classes in id order.
        pairs: `count_pairs` over the data set.
        num_images: number of images that were counted there.

    Returns:
        Columns masks, split, class, other (what the false pixels really show; may be background), images_together,
        lift, confusion_ratio (FP of the class on the other / TP of the class). Classes that share no image and
        background are left out where the ratio is below 0.01.
    """
    names = ["background", *class_names]
    together = lift(pairs, num_images=num_images)
    rows: list[dict[str, Any]] = []
    for item in measured:
        ratios = np.nan_to_num(pair_confusion(item.evaluation.whole.confusion), nan=-1.0)  # undefined comes last
        kept = (ratios >= _LEAST_SHOWN) | ((pairs > 0) & ~np.eye(len(pairs), dtype=bool))
        found = [(class_id, other) for class_id, other in np.argwhere(kept).tolist() if class_id != BACKGROUND]
        for class_id, other in sorted(found, key=lambda pair: -ratios[pair]):
            known = {"images_together": int(pairs[class_id, other]), "lift": together[class_id, other]}
            pair = {"class": names[class_id], "other": names[other], **known}
            ratio = ratios[class_id, other] if ratios[class_id, other] >= 0 else math.nan
            rows.append({**_key(item), **pair, "confusion_ratio": ratio})
    return pd.DataFrame(rows, columns=pd.Index(_PAIR_COLUMNS))


def context_table(measured: Sequence[Measured], *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return each class's confusion ratio with and without each context, the largest difference first.

    Columns masks, split, context, class, images_with and images_without (images that show the class, with the context
    and without it), confusion_with, confusion_without, difference. Empty where no context is known.
    """
    rows: list[dict[str, Any]] = []
    for item in measured:
        whole = item.evaluation.whole
        matrices = {context: tally.confusion for context, tally in item.evaluation.by_context.items()}
        costs = context_costs(whole.confusion, matrices, class_names=class_names)
        for cost in sorted(costs, key=lambda cost: cost.without_context - cost.with_context):
            images = int(item.evaluation.by_context[cost.context].images_of_class[cost.class_id])
            row = {
                "context": cost.context,
                "class": class_names[cost.class_id - 1],
                "images_with": images,
                "images_without": int(whole.images_of_class[cost.class_id]) - images,
                "confusion_with": cost.with_context,
                "confusion_without": cost.without_context,
                "difference": cost.with_context - cost.without_context,
            }
            rows.append({**_key(item), **row})
    return pd.DataFrame(rows, columns=pd.Index(_CONTEXT_COLUMNS))


def across(frame: pd.DataFrame, *, index: Sequence[str], value: str) -> pd.DataFrame:
    """Set the sources and splits of a frame side by side: a row for each `index`, a column for each source."""
    labelled = frame.assign(column=frame["masks"] + " (" + frame["split"] + ")")
    wide = labelled.set_index([*index, "column"])[value].unstack("column")
    # Unstacking sorts; the order of the frame is the order of the classes and of the pipeline.
    rows = labelled.set_index(list(index)).index.unique()
    wide = wide.reindex(index=rows, columns=labelled["column"].unique())
    return wide.reset_index().rename_axis(columns=None)


def to_markdown(frame: pd.DataFrame, *, decimals: int = 2) -> str:
    """Return a frame as a Markdown table, numbers to the right; percentages always have one decimal."""
    header = [_heading(str(name)) for name in frame.columns]
    rule = ["--:" if pd.api.types.is_numeric_dtype(frame[name]) else "---" for name in frame.columns]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *_cells(frame, decimals))) + "\n"


def to_terminal(frame: pd.DataFrame, *, title: str) -> Table:
    """Return a frame as a table for a rich console."""
    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        table.add_column(_heading(str(name)), justify="right" if pd.api.types.is_numeric_dtype(frame[name]) else "left")
    for cells in _cells(frame, 2):
        table.add_row(*cells)
    return table


def _key(item: Measured) -> dict[str, str]:
    return {"masks": item.source.title, "split": item.split}


def _heading(name: str) -> str:
    return name.replace("miou", "mIoU").replace("iou_", "IoU_").replace("_percent", " %").replace("_", " ")


def _cells(frame: pd.DataFrame, decimals: int) -> list[list[str]]:
    return [[_cell(str(name), value, decimals) for name, value in row.items()] for row in frame.to_dict("records")]


def _cell(name: str, value: Any, decimals: int) -> str:
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.1f}" if name.endswith("_percent") else f"{value:.{decimals}f}"
