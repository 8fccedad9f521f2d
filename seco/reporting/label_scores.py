"""How well the classifier finds the labels of images, from the probabilities in the CAM store."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from seco.inference.cam_store import cam_path, read_probabilities
from seco.runtime.parallel import thread_map
from seco.runtime.progress import progress
from seco.scores.classification import LabelScores, score_labels
from seco.storage.manifest import TRAIN, Manifest, Record


def measure_labels(manifest: Manifest, *, cams: Path, partly: bool = False) -> dict[str, LabelScores]:
    """Return the scores of each split, by its name, and show the progress.

    Left out are images whose CAM holds no probabilities (of an older version), images without a label where these are
    not known (outside `train`), and splits of which no image is left.

    Args:
        manifest: the data set.
        cams: the CAM store; without it there are no scores.
        partly: leave out images whose CAM is missing.

    Raises:
        SecoError: a CAM is missing, damaged or of other classes.
    """
    if not cams.is_dir():
        return {}
    records = [record for record in manifest.records if record.labels or record.split == TRAIN]
    if partly:
        records = [record for record in records if cam_path(cams, record.id).is_file()]
    read = partial(_read, cams=cams, num_classes=len(manifest.class_names))
    found: dict[str, list[tuple[Record, np.ndarray]]] = {}
    with progress("evaluate labels", len(records)) as advance:
        for record, probabilities in zip(records, thread_map(read, records, progress=advance.reach), strict=True):
            if probabilities is not None:
                found.setdefault(record.split, []).append((record, probabilities))
    return {split: _score(manifest, images) for split, images in found.items()}


def _read(record: Record, *, cams: Path, num_classes: int) -> np.ndarray | None:
    return read_probabilities(cams, record.id, num_classes=num_classes)


def _score(manifest: Manifest, images: Sequence[tuple[Record, np.ndarray]]) -> LabelScores:
    shown = np.zeros((len(images), len(manifest.class_names)), dtype=np.bool_)
    for row, (record, _) in zip(shown, images, strict=True):
        row[[class_id - 1 for class_id in manifest.label_ids(record)]] = True
    return score_labels(shown, np.stack([probabilities for _, probabilities in images]))
