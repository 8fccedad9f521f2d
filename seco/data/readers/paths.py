"""Paths below the folder of a data set."""

import os
from pathlib import Path

from seco.errors import SecoError
from seco.storage.names import is_storable
from seco.storage.regular import unreadable


def path_below(root: Path, text: str, *, outside_root: bool, place: str | Path = "") -> Path:
    """Return the path that `text` in a list stands for: relative to a place in `root`, or absolute.

    Args:
        root: the folder of the data set.
        text: from the list.
        outside_root: whether the path may lead out of `root`; symbolic links may lead anywhere.
        place: a folder below `root`.

    Raises:
        SecoError: the text is no path, or leads out of `root` and may not.
    """
    if not text or not is_storable(text):
        raise SecoError(f"{text!r} is no path: name a file")
    base = os.path.abspath(root)  # noqa: PTH100 -- texts, since lists have 100 000 lines
    path = os.path.normpath(os.path.join(base, place, text))  # noqa: PTH118
    if path == base or path.startswith(f"{base.rstrip(os.sep)}{os.sep}"):
        return root / path[len(base) :].lstrip(os.sep)
    if not outside_root:
        raise SecoError(f"{text!r} leads out of {root}: copy the file there, or set prepare.outside_root to true")
    return Path(path)


def names_in(folder: Path) -> list[str]:
    """Return the names of all entries of a folder, sorted; none where it does not exist.

    Raises:
        SecoError: the folder cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder, error) from error
