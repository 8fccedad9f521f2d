"""What was found in files, so that files that have not changed since need not be decoded again."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

from seco.storage.rows import write_rows

Facts = tuple[int, ...]

_COLUMNS = ("kind", "file", "stamp", "facts")


class KnownFiles:
    """Facts about files: a few whole numbers each, kept in a CSV and trusted while the file is as it was.

    A file is as it was while its path, size, time of change and inode are, which is what DVC goes by too. The CSV can
    be deleted at any time; one that is damaged counts for nothing.

    Args:
        folder: keeps the CSV.
        subject: what the files belong to; each subject has a CSV of its own.
    """

    def __init__(self, folder: Path, *, subject: str) -> None:
        self._path = folder / f"{hashlib.sha256(subject.encode()).hexdigest()[:16]}.csv"
        self._known = _read(self._path)
        self._asked: dict[tuple[str, str], tuple[str, str]] = {}

    def facts(self, file: Path, kind: str, inspect: Callable[[Path], Facts]) -> Facts:
        """Return what is known of a file as a `kind` of thing, or what `inspect` finds; what it raises is not kept."""
        key = (kind, str(file))
        stamp = _stamp(file)
        known = self._known.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, " ".join(map(str, inspect(file))))
        self._asked[key] = known
        return tuple(map(int, known[1].split()))

    def save(self) -> None:
        """Write the facts that were asked for; those of files that are no longer asked for are dropped.

        Raises:
            SecoError: the file cannot be written.
        """
        if self._asked != self._known:
            write_rows(self._path, [(*key, *known) for key, known in self._asked.items()], columns=_COLUMNS)
            self._known = dict(self._asked)


def _stamp(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return ""  # whoever inspects the file will say what is wrong with it
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _read(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
            if tuple(header) == _COLUMNS and all(_is_sound(row) for row in rows):
                return {(kind, name): (stamp, facts) for kind, name, stamp, facts in rows}
    except (OSError, ValueError, csv.Error):
        pass
    return {}


def _is_sound(row: list[str]) -> bool:
    return len(row) == len(_COLUMNS) and all(number.isdecimal() for number in row[-1].split())
