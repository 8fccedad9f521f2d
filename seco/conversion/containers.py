"""What files of a conversion are put into: a folder, or an archive."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Container(Protocol):
    """Takes files by their paths with "/"."""

    def add(self, name: str, data: bytes) -> None:
        """Add a file.

        Raises:
            OSError: the system refused to write.
        """
        ...


class Folder:
    """Files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, data: bytes) -> None:
        """Add a file; raises as `Container.add`."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str, data: bytes) -> None:
        """Add a file, uncompressed, as images are compressed already; raises as `Container.add`."""
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o644 << 16
        self._archive.writestr(entry, data)


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, data: bytes) -> None:
        """Add a file; raises as `Container.add`."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o644
        self._archive.addfile(entry, io.BytesIO(data))


@contextmanager
def open_zip(path: Path) -> Iterator[Container]:
    """Yield a new zip archive."""
    with zipfile.ZipFile(path, "w") as archive:
        yield _Zip(archive)


@contextmanager
def open_tar(path: Path) -> Iterator[Container]:
    """Yield a new tar archive compressed with gzip, at its fastest: images do not become smaller."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        yield _Tar(archive)
