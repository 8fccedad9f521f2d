"""Prints what `seco prepare` found in a data set: tables of splits, classes and pairs of classes, and notes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from seco.console.output import open_console, print_sentence, text_table
from seco.data.prepare import DatasetStatistics
from seco.storage.audit import AUDIT_FILE, audit_sentences
from seco.storage.manifest import TRAIN

_PAIRS = 10
_SENTENCES = 10  # on classes that are hardly seen alone
_MANY_LABELS = 4  # images with as many labels or more share a column
_NAMES = ("split", "class", "other")  # columns of text
_LABEL_COLUMNS = ("no label", "1 label", "2 labels", "3 labels", "4 or more")
_USUAL_SHARE = 0.1  # of masks that do not show a label; 0.06 in VOC
_LINKED = (
    "{folder} is a link: DVC does not look into a linked folder inside the data and misses what changes there; "
    "link the data folder as a whole instead"
)


def show_dataset(
    statistics: DatasetStatistics,
    *,
    class_names: Sequence[str],
    linked: Sequence[Path],
    notes: Sequence[str] = (),
    console: Console | None = None,
) -> None:
    """Print what a data set holds to the console (standard output when None).

    Args:
        statistics: what it holds.
        class_names: foreground classes in id order.
        linked: folders of the data set that are symbolic links.
        notes: further sentences.
    """
    console = open_console(console)
    summary = statistics.summary
    console.print(_table("Images", ["split", "images", "with mask", *_LABEL_COLUMNS], _split_rows(summary)))
    classes = ((name, *(counts[name] for counts in summary["images_a_class"].values())) for name in class_names)
    console.print(_table("Images of each class", ["class", *summary["images"]], classes))
    if len(class_names) > 1:
        pairs = _pair_rows(statistics, class_names)
        console.print(_table("Classes that share images", ["class", "other", "images", "lift"], pairs))
    sentences = audit_sentences(statistics.partners)
    if sentences[_SENTENCES:]:
        sentences[_SENTENCES:] = [f"{len(sentences) - _SENTENCES} more classes are hardly seen alone: {AUDIT_FILE}"]
    for note in (*sentences, *_notes(summary), *notes, *(_LINKED.format(folder=folder) for folder in linked)):
        print_sentence(console, note)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    headings = [Column(name, justify="left" if name in _NAMES else "right") for name in columns]
    return text_table(headings, rows, title=title, title_justify="left")


def _split_rows(summary: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    for split, images in summary["images"].items():
        numbers = [0] * len(_LABEL_COLUMNS)
        for labels, count in summary["labels_an_image"][split].items():
            numbers[min(labels, _MANY_LABELS)] += count
        yield split, images, images - summary["images_without_mask"][split], *numbers


def _pair_rows(statistics: DatasetStatistics, class_names: Sequence[str]) -> Iterator[Sequence[object]]:
    """Yield the pairs of classes that share most images."""
    above = np.triu(statistics.counts, k=1)
    most = np.argsort(-above, axis=None, kind="stable")[:_PAIRS]
    for first, second in zip(*np.unravel_index(most, above.shape), strict=True):
        if above[first, second] > 0:
            lift = f"{statistics.lifts[first, second]:.2f}"
            yield class_names[first - 1], class_names[second - 1], above[first, second], lift


def _notes(summary: Mapping[str, Any]) -> Iterator[str]:
    for split, count in summary["left_out_without_label"].items():
        yield f"{split}: {_images(count)} without a label, left out"
    for split, images in summary["images"].items():
        if split == TRAIN and (count := summary["images_without_label"][split]):
            yield f"{split}: {_images(count)} without a label, which show none of the classes"
        if summary["images_without_mask"][split] == images:
            yield f"{split}: no image has a mask, so nothing can be measured there"
        if count := summary["images_corrected"][split]:
            yield f"{split}: {_images(count)} with a corrected mask"
        if count := summary["images_with_unseen_labels"][split]:
            is_normal = count <= _USUAL_SHARE * (images - summary["images_without_mask"][split])
            hint = " (normal)" if is_normal else ": check the masks"
            yield f"{split}: {_images(count)} with a label of which the mask shows no pixel{hint}"
        if count := summary["images_with_unnamed_classes"][split]:
            yield f"{split}: {_images(count)} with a mask that shows a class the labels do not name"
    if summary["problems"]:
        yield f"problems: {summary['problems']}; the images concerned are left out"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"
