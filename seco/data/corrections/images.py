"""Finds the image that the name of a corrected mask means."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from seco.data.readers.finder import PHOTOGRAPHS
from seco.errors import SecoError
from seco.storage.manifest import Record

_LOCAL_FILES = "?d="  # before the path in addresses of files that Label Studio serves from its own disk


class ImageNames:
    """The images of the prepared data by id, and by the ends of their ids and paths, as tools shorten them.

    Args:
        records: the images.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_id: dict[str, Record] = {}
        self._by_end: dict[str, Record | None] = {}  # None: several images have it
        for record in records:
            self._by_id[record.id] = record
            for end in {*_ends(record.id), *_ends(record.image.as_posix()), *_ends(_stem(record.image.as_posix()))}:
                self._by_end[end] = None if end in self._by_end else record

    def find(self, name: str) -> Record:
        """Return the image that an id, a path or an address means: one of them ends like the other, as a whole.

        `001` and `out/day1/001.png` mean `day1/001`, `day2/001` does not.

        Raises:
            SecoError: there is none, or several.
        """
        if name in self._by_id:
            return self._by_id[name]
        path = unquote(name.rpartition(_LOCAL_FILES)[2]).replace("\\", "/")
        stem = _stem(path)
        for end in (*_ends(path), *_ends(stem)):
            if end in self._by_end:
                record = self._by_end[end]
                if record is None:
                    raise SecoError(f"{name!r} can be several images of the prepared data: name one by its whole id")
                if end in (path, stem) or f"/{_stem(end)}".endswith(f"/{record.id}"):
                    return record
        example = next(iter(self._by_id))
        raise SecoError(f"{name!r} is no image of the prepared data: name the mask after its id, such as {example!r}")


def _ends(path: str) -> Iterator[str]:
    """Yield the path and what remains of it without its first folders."""
    parts = PurePosixPath(path).parts
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _stem(path: str) -> str:
    return path[: -len(suffix)] if (suffix := Path(path).suffix).lower() in PHOTOGRAPHS else path
