"""Paths that the lists of a data set name, and errors of files that cannot be read."""

import os
from pathlib import Path

from seco.errors import SecoError, remedy_of


def path_below(root: Path, text: str, *, outside_root: bool) -> Path:
    """Return the path that `text` in a list stands for: relative to `root`, or absolute.

    Args:
        root: the folder of the data set.
        text: from the list.
        outside_root: whether the path may lead out of `root`; symbolic links may lead anywhere.

    Raises:
        SecoError: the text is no path, or leads out of `root` and may not.
    """
    if not text or "\0" in text:
        raise SecoError(f"{text!r} is no path: name a file")
    base = Path(os.path.normpath(root.absolute()))
    path = Path(os.path.normpath(base / text))
    if path.is_relative_to(base):
        return root / path.relative_to(base)
    if not outside_root:
        raise SecoError(f"{text!r} leads out of {root}: copy the file there, or set prepare.outside_root to true")
    return path


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


def unreadable(path: Path, error: OSError) -> SecoError:
    """Return the error for a file or folder that the system refuses to read."""
    return SecoError(f"{path} cannot be read: {error.strerror}; {remedy_of(error, 'correct it or its permissions')}")
