"""contexts.csv: what surrounds the objects of each image, where a data set knows it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seco.storage.csv_file import read_csv, write_csv

CONTEXTS_FILE = "contexts.csv"
BIASED = "biased"
_COLUMNS = ("id", "split", "contexts", "biased")
_REMEDY = "correct it, or rename it if it is another file; that of the demo scenes comes from `seco generate`"


class ImageContexts(NamedTuple):
    """The contexts of an image, and whether its objects and background go together more often than chance."""

    image_id: str
    split: str
    contexts: tuple[str, ...]
    biased: bool


def write_contexts(path: Path, images: Sequence[ImageContexts]) -> None:
    """Write a row for each image.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    rows = [(image.image_id, image.split, ";".join(image.contexts), str(int(image.biased))) for image in images]
    write_csv(path, rows, columns=_COLUMNS)


def read_contexts(path: Path) -> dict[str, tuple[str, ...]]:
    """Return image id → the contexts it shows, of a CSV with the columns id, split, contexts (`a;b`), biased (0/1).

    A biased image has "biased" as its last context. A data set without the file knows no contexts: the mapping is
    empty.

    Raises:
        SecoError: the file is there but damaged.
    """
    if not path.is_file():
        return {}
    contexts: dict[str, tuple[str, ...]] = {}
    for _, row in read_csv(path, columns=_COLUMNS, remedy=_REMEDY):
        names = [name for name in row["contexts"].split(";") if name]
        contexts[row["id"]] = (*names, BIASED) if row["biased"] == "1" else tuple(names)
    return contexts
