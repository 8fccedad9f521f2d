"""Which labels of a data set its trained model contradicts, from the probabilities in the CAM store."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seco.auditing.label_noise import (
    MISSING,
    WRONG,
    Contradiction,
    class_thresholds,
    contradictions,
    counted,
)
from seco.errors import SecoError
from seco.inference.cam_store import read_probabilities
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.manifest import TRAIN, Manifest, Record

_COLUMNS = ("rank", "kind", "class", "id", "labels", "probability", "threshold", "score")


class LabelCheck(NamedTuple):
    """The labels of some images against a model."""

    records: tuple[Record, ...]
    class_names: tuple[str, ...]
    shown: NDArray[np.bool_]
    """``[N, K]``, whether an image has the label."""
    probabilities: NDArray[np.float32]
    """``[N, K]``."""
    found: tuple[Contradiction, ...]
    """As of ``contradictions``."""

    def of(self, kind: str) -> list[Contradiction]:
        """Return the contradictions of one kind, the surest first."""
        return [item for item in self.found if item.kind == kind]

    @property
    def unjudged(self) -> list[str]:
        """Classes that some image shows, but that the model does not tell from what lacks them."""
        judged = class_thresholds(self.shown, self.probabilities).judged
        at_stake = self.shown.any(axis=0) & ~self.shown.all(axis=0) & ~judged
        return [name for name, is_so in zip(self.class_names, at_stake, strict=True) if is_so]

    def listed(self) -> pd.DataFrame:
        """Return a row for each contradiction: rank (within its kind), kind, class, id, labels, probability, threshold
        (of its class and kind), score."""
        thresholds, ranks, rows = class_thresholds(self.shown, self.probabilities), {MISSING: 0, WRONG: 0}, []
        for item in self.found:
            ranks[item.kind] += 1
            record = self.records[item.image]
            of_kind = thresholds.with_label if item.kind == MISSING else thresholds.without_label
            rows.append(
                (
                    *(ranks[item.kind], item.kind, self.class_names[item.class_index], record.id),
                    *(";".join(record.labels), item.probability, float(of_kind[item.class_index]), item.score),
                )
            )
        return pd.DataFrame(rows, columns=pd.Index(_COLUMNS))

    def classes(self) -> pd.DataFrame:
        """Return a row for each class: class, images (with the label), the mean probabilities with and without the
        label, and how many labels may be missing or wrong."""
        thresholds, count = class_thresholds(self.shown, self.probabilities), len(self.class_names)
        return pd.DataFrame(
            {
                "class": self.class_names,
                "images": self.shown.sum(axis=0),
                "probability_with_label": thresholds.with_label,
                "probability_without_label": thresholds.without_label,
                "missing": counted(self.found, MISSING, num_classes=count),
                "wrong": counted(self.found, WRONG, num_classes=count),
            }
        )


def check_labels(manifest: Manifest, *, split: str, cams: Path, progress: ProgressCallback | None = None) -> LabelCheck:
    """Compare the labels of the images of a split with the probabilities that the CAM store holds.

    Images of other splits than `train` without a label are left out: theirs are not known.

    Args:
        manifest: the data set.
        split: the images.
        cams: the CAM store.
        progress: called with (done, total) after each image.

    Raises:
        SecoError: there is no such split, none of its images has a label, or a CAM is missing, damaged, of other
            classes or without probabilities.
    """
    records = [record for record in manifest.split(split) if record.labels or split == TRAIN]
    if not any(record.labels for record in records):
        raise SecoError(f"no image of {split} has a label, so there is nothing to check: choose another --split")
    stacked = np.stack(_probabilities(records, len(manifest.class_names), cams, progress))
    shown = np.zeros((len(records), len(manifest.class_names)), dtype=np.bool_)
    for row, record in zip(shown, records, strict=True):
        row[[class_id - 1 for class_id in manifest.label_ids(record)]] = True
    return LabelCheck(tuple(records), manifest.class_names, shown, stacked, tuple(contradictions(shown, stacked)))


def _probabilities(
    records: Sequence[Record], num_classes: int, cams: Path, progress: ProgressCallback | None
) -> list[NDArray[np.float32]]:
    if not cams.is_dir():
        raise SecoError(f"there are no CAMs in {cams}: run `seco export-cams`")
    read = partial(_read, cams=cams, num_classes=num_classes)
    return list(thread_map(read, records, progress=progress))


def _read(record: Record, *, cams: Path, num_classes: int) -> NDArray[np.float32]:
    found = read_probabilities(cams, record.id, num_classes=num_classes)
    if found is None:
        raise SecoError(f"the CAM of {record.id} in {cams} is without probabilities: run `seco export-cams` again")
    return found
