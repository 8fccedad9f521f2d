"""A whole data set: what is missing of it is downloaded, checked, unpacked and put in place."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from seco.download.catalogue import Archive, DataSet
from seco.download.digests import verify
from seco.download.transfer import PAUSES, fetch, version_note
from seco.download.unpack import unpack
from seco.errors import SecoError

STORE = ".download"
"""Folder below the data set's for archives, unfinished work and the checksums that were noted; DVC ignores it."""

_MEGABYTE = 10**6
_GIGABYTE = 10**9


class Advance(Protocol):
    """Shows how far a piece of work is."""

    def reach(self, done: int, total: int) -> None:
        """Say that `done` of `total` megabytes are done."""
        ...


Show = Callable[[str], AbstractContextManager[Advance]]  # given the title of a piece of work
Notify = Callable[[str], None]


def obtain(
    data_set: DataSet,
    root: Path,
    *,
    keep: bool,
    show: Show,
    notify: Notify,
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Bring a data set to a folder. What lies there already stays as it is.

    Args:
        data_set: what to fetch.
        root: the folder; made if need be.
        keep: leave the archives in `root`/.download.
        show: shows how far each piece of work is.
        notify: called with sentences that the user should see.
        pauses: seconds before each further try at an address.

    Raises:
        SecoError: the disk is too small, an archive cannot be had or is not the published one, or cannot be unpacked.
    """
    missing = [archive for archive in data_set.archives if not is_there(archive, root)]
    for archive in data_set.archives:
        if archive not in missing:
            notify(f"{root} holds what {archive.file} gives already")
    if not missing:
        return
    with _store(root) as store:
        _require_space(missing, store, keep=keep)
        for archive in missing:
            _download(archive, store, show=show, notify=notify, pauses=pauses)
            _put_in_place(archive, store, root, show=show)
            if not keep:
                (store / archive.file).unlink()


def is_there(archive: Archive, root: Path) -> bool:
    """Tell whether all that an archive gives lies below a folder; an empty folder counts for nothing."""
    return all(_is_filled(root / given) for given in archive.gives)


def space_needed(archives: Sequence[Archive], store: Path, *, keep: bool) -> int:
    """Return how many bytes must be free to fetch and unpack archives one after another."""
    needed = unpacked = 0
    for archive in archives:
        rest = max(0, archive.size - _length(store / archive.file) - _length(_part(archive, store)))
        needed = max(needed, unpacked + rest + archive.most_bytes)
        unpacked += archive.most_bytes + (rest if keep else 0)
    return needed


@contextmanager
def _store(root: Path) -> Iterator[Path]:
    """Make the store and hold it against a second run."""
    store = root / STORE
    store.mkdir(parents=True, exist_ok=True)
    with (store / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SecoError(f"another download to {root} is under way: wait for its end") from error
        yield store


def _require_space(archives: Sequence[Archive], store: Path, *, keep: bool) -> None:
    needed, free = space_needed(archives, store, keep=keep), shutil.disk_usage(store).free
    if needed > free:
        raise SecoError(
            f"{store.parent} has {free / _GIGABYTE:.1f} GB free, and up to {needed / _GIGABYTE:.1f} GB are needed: "
            "free some space or give --root on another disk"
        )


def _download(archive: Archive, store: Path, *, show: Show, notify: Notify, pauses: Sequence[float]) -> None:
    """Bring an archive to the store and check it; one that lies there already is checked only."""
    path, part = store / archive.file, _part(archive, store)
    if not path.exists():
        with _counted(show, f"download {path.stem}", archive.size) as reached:
            fetch(archive.urls, part, size=archive.size, reached=reached, notify=notify, pauses=pauses)
        part.replace(path)
        version_note(part).unlink(missing_ok=True)
    try:
        with _counted(show, f"check {path.stem}", archive.size) as reached:
            pin = store / f"{archive.file}.sha256"
            noted = verify(path, sha256=archive.sha256, md5=archive.md5, pin=pin, reached=reached)
    except SecoError as fault:
        raise SecoError(f"{fault}; remove {path} to download it again") from fault
    if noted:
        notify(noted)


def _put_in_place(archive: Archive, store: Path, root: Path, *, show: Show) -> None:
    """Unpack beside the data set and move what it has not yet, each folder in one step."""
    aside = store / "unpacked"
    shutil.rmtree(aside, ignore_errors=True)
    with _counted(show, f"unpack {Path(archive.file).stem}", archive.size) as reached:
        unpack(
            store / archive.file,
            aside / archive.into,
            below=archive.below,
            most_files=archive.most_files,
            most_bytes=archive.most_bytes,
            reached=reached,
        )
    lacking = [given for given in archive.gives if not _is_filled(aside / given)]
    if lacking:
        raise SecoError(f"{archive.file} does not hold {' and '.join(lacking)}: is it another file of that name?")
    others = sorted(path.relative_to(aside).as_posix() for path in (aside / archive.into).iterdir())
    for name in [*archive.gives, *others]:
        if not _is_filled(root / name):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).replace(root / name)
    shutil.rmtree(aside)


def _is_filled(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


def _part(archive: Archive, store: Path) -> Path:
    return store / f"{archive.file}.part"


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _counted(show: Show, title: str, size: int) -> Iterator[Callable[[int], None]]:
    """Yield what takes a number of bytes done and shows it in megabytes."""
    total = -(-size // _MEGABYTE)
    with show(f"{title}, MB") as advance:
        yield lambda done: advance.reach(-(-done // _MEGABYTE), total)
