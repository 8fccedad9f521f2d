"""What surrounds the objects of each image, where a data set knows it: `contexts.csv`."""

from pathlib import Path

from seco.storage.rows import read_rows

CONTEXTS_FILE = "contexts.csv"
BIASED = "biased"
_COLUMNS = ("id", "split", "contexts", "biased")


def read_contexts(path: Path) -> dict[str, tuple[str, ...]]:
    """Return image id → the contexts it shows, of a CSV with the columns id, split, contexts (`a;b`), biased (0/1).

    An image marked as biased (its objects and its background go together more often than chance) has "biased" as
    its last context. A data set without the file knows no contexts: the mapping is empty.

    Raises:
        SecoError: the file is there but damaged.
    """
    if not path.is_file():
        return {}
    contexts: dict[str, tuple[str, ...]] = {}
    for _, row in read_rows(path, columns=_COLUMNS, stage="generate"):
        names = [name for name in row["contexts"].split(";") if name]
        contexts[row["id"]] = (*names, BIASED) if row["biased"] == "1" else tuple(names)
    return contexts
