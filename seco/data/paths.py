"""Paths that data sets name, kept below their folder."""

import os
from pathlib import Path

from seco.errors import SecoError

IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def path_below(root: Path, text: str, *, outside_root: bool) -> Path:
    """Return the path that a list means by `text`: relative to `root`, or absolute.

    Args:
        root: the folder of the data set.
        text: what the list says.
        outside_root: whether the path may lead out of `root`. Links are the user's own and may lead anywhere.

    Raises:
        SecoError: it may not, but does; or it cannot be a path.
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
    """Return the names of what a folder holds, in order; none where it does not exist.

    Raises:
        SecoError: it cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def unreadable(path: Path, error: OSError) -> SecoError:
    """Return the fault of a file or folder that the system does not let be read."""
    return SecoError(f"{path} cannot be read: {error.strerror}; correct it or its permissions")
