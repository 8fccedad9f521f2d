"""Runs that were evaluated, from counts by hand."""

from pathlib import Path

import numpy as np

from seco.scores.counts_file import COUNTS_FILE, CountsKey, write_counts
from seco.scores.image_counts import ImageCounts

CLASSES = ("<b>horse|", "sofa")
SEEDS, MASKS = CountsKey("cam_seed", "val", ""), CountsKey("segmentation", "val", "crf")


def counts_of(right: int, *, images: int = 12, data: str = "d") -> ImageCounts:
    """Return images of which 10 pixels of each class are right, 10 wrong in different ways, and `right` horses more."""
    counts = ImageCounts(len(CLASSES), data=data)
    for number in range(images):
        matrix = np.diag([10, 10, 10]) + np.array([[0, 10, 0], [5, 0, 5], [number % 3, 10 - number % 3, 0]])
        matrix[1, 1] += right
        counts.add(str(number), np.pad(matrix, ((0, 0), (0, 1))))
    return counts


def write_run(folder: Path, right: int, *, settings: str = "seed: 0\n", **options) -> Path:
    """Write the folder of a project that was evaluated."""
    counts = counts_of(right, **options)
    path = folder / "reports" / COUNTS_FILE
    write_counts(path, {SEEDS: counts, MASKS: counts}, data=counts.data or "", class_names=CLASSES)
    (folder / "params.yaml").write_text(settings)
    return folder
