"""The content of metrics.json, and what its readers must know beside it."""

from collections.abc import Sequence
from typing import Any

from seco.reporting.sources import Measured


def headline_metrics(measured: Sequence[Measured]) -> dict[str, Any]:
    """Return kind → split (→ variant, for segmentations) → miou, precision, recall, confusion_ratio (fractions)."""
    metrics: dict[str, Any] = {}
    for item in measured:
        scores = item.evaluation.whole.confusion.scores()
        place = metrics.setdefault(item.source.kind, {}).setdefault(item.split, {})
        if item.source.variant is not None:
            place = place.setdefault(item.source.variant, {})
        place["miou"] = scores.miou
        place["precision"] = scores.mean_precision
        place["recall"] = scores.mean_recall
        place["confusion_ratio"] = scores.mean_confusion_ratio
    return metrics


def notes(measured: Sequence[Measured], *, class_names: Sequence[str]) -> list[str]:
    """Return a sentence for each thing that is left out: classes without a finite ratio, images without truth."""
    sentences = []
    for item in measured:
        where = f"{item.source.title} ({item.split})"
        if not item.is_scored:
            sentences.append(f"{where}: no image has a truth mask, so mIoU and confusion cannot be measured")
            continue
        scores = item.evaluation.whole.confusion.scores()
        # A class that is neither in the truth nor predicted is nobody's loss and needs no word.
        missed = [class_id for class_id in scores.undefined if scores.occurs[class_id]]
        for ids, kind in ((scores.infinite, "infinite"), (missed, "not defined (nothing predicted)")):
            if ids:
                names = ", ".join(class_names[class_id - 1] for class_id in ids)
                sentences.append(f"{where}: the confusion ratio is {kind} for {names}; the mean leaves them out")
        if item.evaluation.without_truth:
            sentences.append(f"{where}: {item.evaluation.without_truth} images have no truth mask and were skipped")
    return sentences
