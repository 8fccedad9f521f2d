"""Writes that either happen in full or leave the old file as it was."""

import errno
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seco.errors import SecoError
from seco.runtime.signals import deferred

ASIDE_ENDING = ".tmp"
"""How the names of unfinished files end; their writer was killed where one is found at rest."""


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, making the folder if need be.

    Raises:
        SecoError: the folder cannot be written or the disk is full; an older file at `path` survives.
    """
    with atomic_path(path) as aside:
        aside.write_bytes(data)


def atomic_write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with `\\n` line ends; otherwise as `atomic_write_bytes`."""
    atomic_write_bytes(path, text.encode("utf-8"))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends well.

    The file is synced to the disk before it is renamed, and its folder after. When the block raises, the file aside
    is removed and `path` stays as it was.

    Raises:
        SecoError: an `OSError` (no permission, disk full, …) was met inside the block or while renaming.
    """
    with path_aside(path) as aside:
        yield aside
        publish(aside, path)


@contextmanager
def path_aside(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to and to `publish`; what is left of it when the block ends is removed.

    For files whose final name is known only once they are written. A request to stop waits until the block has ended.

    Raises:
        SecoError: an `OSError` was met inside the block.
    """
    # The ending is not that of `path`: a reader that lists "*.png" must never meet half a file.
    aside = path.parent / f".{path.name}.{uuid.uuid4().hex}{ASIDE_ENDING}"
    with deferred():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
        except OSError as error:
            raise _refused(path, error) from error
        finally:
            _discard(aside)


def publish(aside: Path, path: Path) -> None:
    """Sync a finished file, give it its name, and sync the folder, so that the name survives a loss of power too.

    Raises:
        OSError: the system refused.
    """
    _sync(aside, os.O_RDWR)
    aside.replace(path)
    _sync_folder(path.parent)


def require_writable(folder: Path) -> None:
    """Make a folder and try to write there, before work whose result could not be kept.

    Raises:
        SecoError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> SecoError:
    fault = error.strerror or error
    return SecoError(f"cannot write {path}: {fault}; free some disk space or choose a folder you may write to")


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    try:
        _sync(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what file systems answer that cannot sync a folder, such as some network's
            raise


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The fault being reported is the one that matters: failing to clean up must not hide it.
        return
