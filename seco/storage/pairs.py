"""Which classes share images: `cooccurrence.csv`."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seco.storage.csv_file import write_csv

PAIRS_FILE = "cooccurrence.csv"
_COLUMNS = ("class", "other", "images_of_class", "images_of_other", "images_together", "lift")


def write_pairs(
    folder: Path, *, class_names: Sequence[str], counts: npt.NDArray[np.int64], lifts: npt.NDArray[np.float64]
) -> None:
    """Write a row for each pair of classes, those that never meet included; lift is empty where it is not defined.

    Args:
        folder: gets the file.
        class_names: foreground classes in id order.
        counts: int64 `[K+1, K+1]` of `seco.scores.cooccurrence.count_pairs`.
        lifts: float64 `[K+1, K+1]` of `seco.scores.cooccurrence.lift`.

    Raises:
        SecoError: the file cannot be written.
    """
    rows = []
    for (a, name), (b, other) in combinations(enumerate(class_names, start=1), 2):
        value = lifts[a, b]
        numbers = (counts[a, a], counts[b, b], counts[a, b], "" if np.isnan(value) else f"{value:.6g}")
        rows.append((name, other, *map(str, numbers)))
    write_csv(folder / PAIRS_FILE, rows, columns=_COLUMNS)
