"""Unpacks untrusted archives: plain files and folders only, below one folder, up to a number of files and bytes."""

import errno
import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from stat import S_IFMT, S_ISDIR, S_ISREG
from typing import IO, NamedTuple, cast

from seco.errors import SecoError

# RuntimeError: what zipfile raises for an encrypted file, and for an unknown compression.
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, ValueError),
)


class _Entry(NamedTuple):
    """An entry of an archive."""

    name: str
    size: int
    """Bytes, as the archive says; no more can be read."""
    is_file: bool
    is_folder: bool
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path,
    target: Path,
    *,
    below: str,
    most_files: int,
    most_bytes: int,
    on_bytes: Callable[[int], None],
) -> None:
    """Write what an archive holds below one of its folders to `target`.

    Args:
        archive: a zip file if its name says so, else a tar file, compressed or not.
        target: an empty folder, or none yet.
        below: folder in the archive; the empty text stands for all of it.
        most_files: limit on the archive's entries.
        most_bytes: limit on what is written.
        on_bytes: called with the number of bytes of the archive that are done.

    Raises:
        SecoError: the archive is damaged, too large, or holds a name that leads elsewhere, a link or a device.
        OSError: the system refused to write.
    """
    target.mkdir(parents=True, exist_ok=True)
    files = total = 0
    with archive.open("rb") as raw:
        try:
            for entry in _zip_entries(raw) if archive.suffix == ".zip" else _tar_entries(raw):
                path = _relative_path(entry.name, below, archive.name)
                files += 1
                total += 0 if path is None else entry.size
                if files > most_files or total > most_bytes:
                    raise SecoError(f"{archive.name} holds more than {most_files} files or {most_bytes} bytes")
                if path is not None:
                    _write(entry, target / path, archive.name)
                on_bytes(raw.tell())
        except (*_DAMAGE, OSError) as error:
            if isinstance(error, _DAMAGE) or error.errno == errno.EINVAL:  # a seek to a damaged offset
                raise SecoError(f"{archive.name} is damaged or no archive: {str(error) or 'it ends early'}") from error
            raise


def _zip_entries(raw: IO[bytes]) -> Iterator[_Entry]:
    with zipfile.ZipFile(raw) as archive:
        for member in archive.infolist():
            kind = S_IFMT(member.external_attr >> 16)  # 0 where the archive does not say
            is_file = not member.is_dir() and (kind == 0 or S_ISREG(kind))
            is_folder = member.is_dir() and (kind == 0 or S_ISDIR(kind))
            yield _Entry(member.filename, member.file_size, is_file, is_folder, partial(archive.open, member))


def _tar_entries(raw: IO[bytes]) -> Iterator[_Entry]:
    with tarfile.open(fileobj=raw, mode="r:*") as archive:
        for member in archive:
            if member.size < 0:  # would make tarfile read the same members again
                raise tarfile.ReadError(f"{member.name!r} has a negative size")
            opened = cast("Callable[[], IO[bytes]]", partial(archive.extractfile, member))  # None for links only
            yield _Entry(member.name, member.size, member.isreg(), member.isdir(), opened)


def _relative_path(name: str, below: str, archive: str) -> PurePosixPath | None:
    """Return where an entry goes, relative to the target; None if it lies in another part of the archive."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise SecoError(f"{archive} holds a name that leads out of its folder: {name!r}")
    return path.relative_to(below) if path.is_relative_to(below) else None


def _write(entry: _Entry, path: Path, archive: str) -> None:
    if entry.is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return
    if not entry.is_file:
        raise SecoError(f"{archive} holds a link or a device, and only files and folders are unpacked: {entry.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with entry.open() as source, path.open("xb") as file:
            shutil.copyfileobj(source, file)
    except FileExistsError as error:
        raise SecoError(f"{archive} holds the name {entry.name!r} twice") from error
