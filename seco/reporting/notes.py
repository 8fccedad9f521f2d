"""What a reader must know about the scores: what they leave out, and why there are none."""

from collections.abc import Sequence

import numpy as np

from seco.reporting.measurements import MEASURED_CONFIDENCE, Measurement
from seco.storage.manifest import TRAIN, Record


def notes_on(measurements: Sequence[Measurement], *, class_names: Sequence[str]) -> list[str]:
    """Return a sentence on each omission: classes without a finite confusion ratio, images without truth."""
    notes = []
    for item in measurements:
        where = f"{item.source.title} ({item.split})"
        if item.lack:
            notes.append(f"{where}: {item.lack}, so mIoU and confusion cannot be measured")
            continue
        confusion = item.evaluation.whole
        if not confusion.occurs()[1:].any():
            notes.append(f"{where}: the truth masks show background alone, so there is no mean over classes")
        ratios = confusion.confusion_ratio()[1:]
        # A class that neither occurs in the truth nor is predicted costs nothing and needs no note.
        missed = np.isnan(ratios) & confusion.occurs()[1:]
        for left_out, reason in ((np.isinf(ratios), "infinite"), (missed, "not defined (nothing predicted)")):
            if left_out.any():
                names = ", ".join(np.array(class_names)[left_out])
                notes.append(f"{where}: the confusion ratio is {reason} for {names}; the mean leaves them out")
        if item.evaluation.missing:
            total = item.evaluation.missing + confusion.images
            notes.append(f"{where}: {item.evaluation.missing} of {total} masks are missing; the scores leave them out")
        if item.source.variant == MEASURED_CONFIDENCE and not len(item.evaluation.calibration):
            notes.append(f"{where}: its confidence is not stored; `seco predict` stores it, for the calibration")
        if item.evaluation.without_truth:
            notes.append(f"{where}: {item.evaluation.without_truth} images have no truth mask and were skipped")
    return notes


def notes_on_corrections(records: Sequence[Record]) -> list[str]:
    """Return a sentence where images have corrected masks: scores count the machine's masks of them too."""
    notes = []
    for split in dict.fromkeys(record.split for record in records):
        number = sum(record.split == split and record.corrected is not None for record in records)
        if number and split == TRAIN:
            notes.append(
                f"{split}: {number} images have a corrected mask, from which training learns "
                "(train.use_corrections); the scores are of the machine's masks, so compare runs by another split"
            )
        elif number:
            notes.append(f"{split}: {number} images have a corrected mask as their truth, by which the scores measure")
    return notes
