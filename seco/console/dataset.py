"""What `seco prepare` says about a data set: splits, classes, classes that go together, and what to know beside it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from seco.data.cooccurrence import Counts, Values
from seco.data.prepare import DatasetStatistics

_PAIRS = 10
_MANY_LABELS = 4  # images with as many labels or more share a column
_LOG_WIDTH = 110  # columns; a log has no edge to fold tables at
_LINKED = (
    "{folder} is a link: DVC does not look into a linked folder inside the data and misses what changes there; "
    "link the data folder as a whole instead"
)


def show_dataset(
    statistics: DatasetStatistics,
    *,
    class_names: Sequence[str],
    linked: Sequence[Path],
    console: Console | None = None,
) -> None:
    """Print what a data set holds to the console (standard output when None).

    Args:
        statistics: what it holds.
        class_names: foreground classes in id order.
        linked: folders of the data set that are links.
    """
    console = console or Console()
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    summary = statistics.summary
    console.print(_table("Images", ["split", "images", "with mask", *_label_columns()], _split_rows(summary)))
    console.print(_table("Images of each class", ["class", *summary["images"]], _class_rows(summary, class_names)))
    console.print(
        _table(
            "Classes that share images",
            ["class", "other", "images", "lift"],
            _pair_rows(class_names, statistics.counts, statistics.lifts),
        )
    )
    for note in (*_notes(summary), *(_LINKED.format(folder=folder) for folder in linked)):
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def _table(title: str, columns: Sequence[str], rows: Iterator[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, justify="left" if name in ("split", "class", "other") else "right")
    for row in rows:
        table.add_row(*map(str, row))
    return table


def _label_columns() -> list[str]:
    return ["no label", "1 label", *(f"{count} labels" for count in range(2, _MANY_LABELS)), f"{_MANY_LABELS} or more"]


def _split_rows(summary: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    for split, images in summary["images"].items():
        numbers = [0] * (_MANY_LABELS + 1)
        for labels, count in summary["labels_an_image"][split].items():
            numbers[min(labels, _MANY_LABELS)] += count
        yield split, images, images - summary["images_without_mask"][split], *numbers


def _class_rows(summary: Mapping[str, Any], class_names: Sequence[str]) -> Iterator[Sequence[object]]:
    for name in class_names:
        yield name, *(counts[name] for counts in summary["images_a_class"].values())


def _pair_rows(class_names: Sequence[str], counts: Counts, lifts: Values) -> Iterator[Sequence[object]]:
    above = np.triu(counts, k=1)
    most = np.argsort(-above, axis=None, kind="stable")[:_PAIRS]
    for first, second in zip(*np.unravel_index(most, above.shape), strict=True):
        if above[first, second] > 0:
            lift = f"{lifts[first, second]:.2f}"
            yield class_names[first - 1], class_names[second - 1], above[first, second], lift


def _notes(summary: Mapping[str, Any]) -> Iterator[str]:
    for split, count in summary["left_out_without_label"].items():
        yield f"{split}: {_images(count)} without a label, left out"
    for split, images in summary["images"].items():
        if summary["images_without_mask"][split] == images:
            yield f"{split}: no image has a mask, so nothing can be measured there"
        if count := summary["images_with_unseen_labels"][split]:
            yield f"{split}: {_images(count)} with a label of which the mask shows no pixel (normal)"
        if count := summary["images_with_unnamed_classes"][split]:
            yield f"{split}: {_images(count)} with a mask that shows a class the labels do not name"
    if summary["problems"]:
        yield f"problems: {summary['problems']}; the images concerned are left out"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"
