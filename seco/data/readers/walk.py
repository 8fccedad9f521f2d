"""Walks through folders of any depth, for formats without a list."""

from collections.abc import Collection, Iterator
from pathlib import Path

from seco.data.problems import Problem
from seco.errors import SecoError
from seco.storage.names import is_storable
from seco.storage.regular import unreadable

_SKIPPED = (".", "__MACOSX")  # hidden files, and what macOS adds to archives
_DEEPEST = 100  # folders in folders


def walk(folder: Path, problems: list[Problem], above: tuple[tuple[int, int], ...] = ()) -> Iterator[Path]:
    """Yield every file below a folder, sorted; skip hidden ones, follow links, report folders that cannot be walked."""
    try:
        found = folder.stat()
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(_SKIPPED))
    except OSError as error:
        problems.append(Problem(folder, str(unreadable(folder, error))))
        return
    identity = (found.st_dev, found.st_ino)
    if identity in above:
        problems.append(Problem(folder, f"{folder} is a link to a folder that it lies in: remove it"))
        return
    if len(above) > _DEEPEST:
        problems.append(Problem(folder, f"{folder} lies more than {_DEEPEST} folders deep: move it up"))
        return
    for path in paths:
        if not is_storable(path.name):
            problems.append(Problem(path, f"the name of {path} is not UTF-8: rename it"))
        elif _is_folder(path):
            yield from walk(path, problems, (*above, identity))
        else:
            yield path


def files_below(folder: Path, *, suffixes: Collection[str]) -> list[Path]:
    """Return the files below a folder that have one of the suffixes (lower case).

    Raises:
        SecoError: a folder cannot be walked.
    """
    problems: list[Problem] = []
    files = [path for path in walk(folder, problems) if path.suffix.lower() in suffixes]
    if problems:
        raise SecoError(problems[0].sentence)
    return files


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reported when the image is opened
        return False
