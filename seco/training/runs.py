"""The folders of interrupted runs: their lock, their note, and their list."""

import errno
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seco.errors import SecoError
from seco.storage.atomic import require_writable
from seco.storage.json_file import write_json
from seco.training.checkpoint import list_checkpoints

_NOTE, _LOCK = "run.json", "lock"
_LOCK_TIMEOUT = 5.0  # seconds: a killed process holds its lock until it is gone


@dataclass(frozen=True)
class SavedRun:
    """An interrupted run, or one that is being trained.

    Attributes:
        name: that of its folder.
        step: steps done when it was last saved; None if it never was.
        saved: time of that, in seconds since 1970.
        size: bytes of all of its files.
        owner: the process that trains it, such as "pid 123 on node7", or None.
        note: what `note_run` wrote; empty if that is missing or damaged.
    """

    name: str
    step: int | None
    saved: float | None
    size: int
    owner: str | None
    note: Mapping[str, Any]


@contextmanager
def hold_run(folder: Path) -> Iterator[None]:
    """Lock a run against other processes while the block runs; the system releases the lock when this process dies.

    When the block ends, a folder without a checkpoint is removed.

    Raises:
        SecoError: another process holds the run, or the folder cannot be written.
    """
    lock = _acquire(folder)
    try:
        yield
    finally:
        if not any(folder.glob("*.pt")):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def note_run(folder: Path, note: Mapping[str, Any]) -> None:
    """Write a description of the run, once.

    Raises:
        SecoError: the file cannot be written.
    """
    path = folder / _NOTE
    if not path.exists():
        write_json(path, {**note, "started": round(time.time())})


def find_runs(root: Path) -> list[SavedRun]:
    """Return the runs in a folder, the last saved one first; other folders are left out."""
    folders = [path for path in root.glob("*") if (path / _NOTE).is_file() or list_checkpoints(path)]
    return sorted(map(_describe, folders), key=lambda run: (-(run.saved or 0.0), run.name))


def delete_run(folder: Path) -> None:
    """Delete a run.

    Raises:
        SecoError: a process is training it.
    """
    lock = _acquire(folder)
    try:
        shutil.rmtree(folder)
    finally:
        os.close(lock)


def _acquire(folder: Path) -> int:
    """Return the descriptor of the lock of a run's folder. Closing it, or the end of the process, releases the lock."""
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while True:
        require_writable(folder)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        if _try_to_lock(lock, fcntl.LOCK_EX) and _is_in_place(lock, folder / _LOCK):
            os.truncate(lock, 0)
            os.write(lock, f"pid {os.getpid()} on {socket.gethostname()}".encode())
            return lock
        os.close(lock)
        if time.monotonic() > deadline:
            owner = _owner(folder) or "just ended"
            raise SecoError(
                f"another process ({owner}) is training this very run, whose state is in {folder}: wait until it has "
                "ended, or stop it"
            )
        time.sleep(0.1)


def _try_to_lock(lock: int, mode: int) -> bool:
    try:
        # A lock of the process, not of the open file: workers that it forks cannot hold it longer than the process.
        fcntl.lockf(lock, mode | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems have no locks: training there goes unlocked.
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True


def _is_in_place(lock: int, path: Path) -> bool:
    """Return whether a lock is still that of its path: the last holder may have deleted the folder."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


def _owner(folder: Path) -> str | None:
    """Return the holder of a run, or None. The holder itself must not call this: opening the lock releases it."""
    try:
        with (folder / _LOCK).open() as lock:
            return None if _try_to_lock(lock.fileno(), fcntl.LOCK_SH) else lock.read() or "just begun"
    except FileNotFoundError:
        return None


def _describe(folder: Path) -> SavedRun:
    checkpoints = list_checkpoints(folder)
    newest = checkpoints[0] if checkpoints else None
    return SavedRun(
        name=folder.name,
        step=newest.step if newest else None,
        saved=newest.path.stat().st_mtime if newest else None,
        size=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        owner=_owner(folder),
        note=_note(folder / _NOTE),
    )


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # the run can be resumed without
    return note if isinstance(note, dict) else {}
