"""How often two classes share an image: `cooccurrence.csv`."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seco.errors import SecoError
from seco.storage.csv_file import read_csv, write_csv

PAIRS_FILE = "cooccurrence.csv"
_COLUMNS = ("class", "other", "images_of_class", "images_of_other", "images_together", "lift")


def lift(pairs: npt.NDArray[np.int64], *, num_images: int) -> npt.NDArray[np.float64]:
    """Return how much more often two classes share an image than if they were independent.

    Args:
        pairs: int64 `[K+1, K+1]`, the images that show two classes and, on the diagonal, those that show a class.
        num_images: number of images that were counted.

    Returns:
        Float64 `[K+1, K+1]`, n·n(a, b) / (n(a)·n(b)): 1 = independent, 0 = never together, NaN where a class is in no
        image and on the diagonal.
    """
    single = np.diagonal(pairs)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.asarray(np.true_divide(num_images * pairs, np.outer(single, single)), dtype=np.float64)
    np.fill_diagonal(result, np.nan)
    return result


def write_pairs(
    folder: Path, *, class_names: Sequence[str], counts: npt.NDArray[np.int64], lifts: npt.NDArray[np.float64]
) -> None:
    """Write a row for each pair of classes, those that never meet included; lift is empty where it is not defined.

    Args:
        folder: gets the file.
        class_names: foreground classes in id order.
        counts: int64 `[K+1, K+1]`, as `pairs` of `lift`.
        lifts: float64 `[K+1, K+1]`, as of `lift`.

    Raises:
        SecoError: the file cannot be written.
    """
    rows = []
    for (a, name), (b, other) in combinations(enumerate(class_names, start=1), 2):
        value = lifts[a, b]
        numbers = (counts[a, a], counts[b, b], counts[a, b], "" if np.isnan(value) else f"{value:.6g}")
        rows.append((name, other, *map(str, numbers)))
    write_csv(folder / PAIRS_FILE, rows, columns=_COLUMNS)


def read_pairs(folder: Path, *, class_names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the counts that `write_pairs` wrote; a single class has no pair, and its count is 0.

    Raises:
        SecoError: the file is missing, damaged or of other classes.
    """
    path = folder / PAIRS_FILE
    counts = np.zeros((len(class_names) + 1,) * 2, dtype=np.int64)
    pairs = list(combinations(enumerate(class_names, start=1), 2))
    rows = [row for _, row in read_csv(path, columns=_COLUMNS, stage="prepare")]
    if [(row["class"], row["other"]) for row in rows] != [(name, other) for (_, name), (_, other) in pairs]:
        raise SecoError(f"{path} does not hold the pairs of the classes in classes.csv: run `seco prepare` again")
    try:
        for ((a, _), (b, _)), row in zip(pairs, rows, strict=True):
            counts[a, a], counts[b, b] = int(row["images_of_class"]), int(row["images_of_other"])
            counts[a, b] = counts[b, a] = int(row["images_together"])
    except ValueError as error:
        raise SecoError(f"{path} holds a count that is no whole number ({error}): run `seco prepare` again") from error
    return counts
