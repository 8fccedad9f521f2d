"""Atomic writes: a file is written in full, or the old one stays."""

import ctypes
import errno
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seco.errors import SecoError, remedy_of
from seco.runtime.signals import deferred

TEMPORARY_SUFFIX = ".tmp"
"""Ends the names of unfinished files; one that is left over belongs to a writer that was killed."""

_UNFINISHED = re.compile(rf"\.[0-9a-f]{{32}}{re.escape(TEMPORARY_SUFFIX)}")
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE, of Linux's headers
_WRITABLE = "choose a folder you may write to"
_REMEDIES = {
    **dict.fromkeys((errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY), "move what has that name elsewhere"),
    errno.ENOENT: f"{_WRITABLE}, and let no other run delete files there",
}


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`; make its folder if necessary.

    Raises:
        SecoError: the folder cannot be written or the disk is full; an older file at `path` survives.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def atomic_write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with `\\n` line ends; otherwise as `atomic_write_bytes`."""
    atomic_write_bytes(path, text.encode("utf-8"))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; its file replaces `path` when the block ends normally.

    When the block raises, the temporary file is removed and `path` stays as it was.

    Raises:
        SecoError: an `OSError` (no permission, disk full, …) in the block or while renaming.
    """
    with temporary_path(path) as temporary:
        yield temporary
        publish(temporary, path)


@contextmanager
def temporary_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, to write and then to `publish`; an unpublished file is removed.

    For files whose final name depends on their content. A request to stop waits until the block has ended.

    Raises:
        SecoError: an `OSError` in the block.
    """
    temporary = unfinished_beside(path)
    with deferred():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
        except OSError as error:
            raise _cannot_write(path, error) from error
        finally:
            with suppress(OSError):  # the first error is the one to report
                temporary.unlink(missing_ok=True)


def unfinished_beside(path: Path) -> Path:
    """Return a new name for an unfinished file or folder beside `path`."""
    # The suffix is not that of `path`: a reader that lists "*.png" must not find unfinished files. Nor is the name part
    # of it, which may be as long as a file system takes.
    return path.parent / f".{uuid.uuid4().hex}{TEMPORARY_SUFFIX}"


def swap_folder(fresh: Path, place: Path, *, former: Path) -> None:
    """Rename a finished folder to `place`, and a folder that is there to `former`, which the caller removes.

    Where the system can exchange two names (Linux, most file systems), `place` has one of the two folders at any time,
    even if the process is killed. Elsewhere a kill between two renames leaves nothing there.

    Raises:
        OSError: the system refused; the old folder is in its place.
    """
    existed = place.exists()
    if existed and _exchange(fresh, place):
        try:
            fresh.rename(former)
        except OSError:
            _exchange(fresh, place)
            raise
        return
    if existed:
        place.rename(former)
    try:
        fresh.rename(place)
    except OSError:
        if existed:
            former.rename(place)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two files or folders in one step; return whether the system can."""
    with suppress(AttributeError, OSError):
        names = os.fsencode(one), os.fsencode(other)
        return ctypes.CDLL(None).renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0
    return False


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, whose folder is made if necessary; copy it where the file system has no links.

    Raises:
        OSError: the system refused.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)


def publish(temporary: Path, path: Path) -> None:
    """Sync a finished file, rename it to `path`, and sync the folder, so that the name survives a power failure too.

    Raises:
        OSError: the system refused.
    """
    _sync(temporary, os.O_RDWR)
    temporary.replace(path)
    try:
        _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the answer of file systems that cannot sync a folder, such as network ones
            raise


def require_writable(folder: Path) -> None:
    """Make a folder and check that files can be written there, before work whose result would be lost.

    Raises:
        SecoError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise _cannot_write(folder, error) from error


def take_over(folder: Path) -> None:
    """Make a folder that a stage owns, and remove what a killed writer has left there; raises as `require_writable`.

    DVC would take the unfinished files into its cache with the rest of the folder.
    """
    require_writable(folder)
    remove_unfinished(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files and folders of killed writers, also those in sub-folders; nobody else may write."""
    for place, folders, files in os.walk(folder):
        for name in filter(_UNFINISHED.fullmatch, files):
            with suppress(OSError):
                Path(place, name).unlink()
        for name in filter(_UNFINISHED.fullmatch, folders):
            shutil.rmtree(Path(place, name), ignore_errors=True)


def _cannot_write(path: Path, error: OSError) -> SecoError:
    remedy = remedy_of(error, _REMEDIES.get(error.errno or 0, _WRITABLE))
    return SecoError(f"cannot write {path}: {error.strerror or error}; {remedy}")


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
