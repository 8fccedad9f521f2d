"""Installs a data set: downloads what is missing, checks it, unpacks it and moves it into place."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seco.download.catalogue import Archive, DataSet
from seco.download.checksums import verify
from seco.download.transfer import PAUSES, fetch, version_file
from seco.download.unpack import unpack
from seco.errors import SecoError
from seco.runtime.progress import progress

DOWNLOADS = ".download"
"""Folder below the data set's, ignored by DVC: archives, unfinished downloads and noted checksums."""

_UNFINISHED = ".part"
_MEGABYTE = 10**6
_GIGABYTE = 10**9


def install(
    data_set: DataSet, root: Path, *, keep: bool, notify: Callable[[str], None], pauses: Sequence[float] = PAUSES
) -> None:
    """Install a data set in a folder. What is there already is neither fetched nor changed.

    Args:
        data_set: what to install.
        root: the folder; made if need be.
        keep: leave the archives in `root`/.download.
        notify: called with sentences for the user.
        pauses: seconds before each further try at an address.

    Raises:
        SecoError: the disk is too small, an archive cannot be had or is not the published one, or cannot be unpacked.
    """
    missing = []
    for archive in data_set.archives:
        if all(_is_filled(root / name) for name in archive.gives):
            notify(f"{root} holds what {archive.file} gives already")
        else:
            missing.append(archive)
    if not missing:
        return
    with _locked_downloads(root) as downloads:
        _require_space(missing, downloads, keep=keep)
        for archive in missing:
            _download(archive, downloads, notify=notify, pauses=pauses)
            _unpack_into_place(archive, downloads, root)
            if not keep:
                (downloads / archive.file).unlink()


def space_needed(archives: Sequence[Archive], downloads: Path, *, keep: bool) -> int:
    """Return how many bytes must be free to download and unpack archives one after another."""
    needed = unpacked = 0
    for archive in archives:
        present = (downloads / f"{archive.file}{ending}" for ending in ("", _UNFINISHED))
        rest = max(0, archive.size - sum(path.stat().st_size for path in present if path.exists()))
        needed = max(needed, unpacked + rest + archive.most_bytes)
        unpacked += archive.most_bytes + (rest if keep else 0)
    return needed


@contextmanager
def _locked_downloads(root: Path) -> Iterator[Path]:
    """Make the folder of downloads and lock it, so that no second run uses it."""
    downloads = root / DOWNLOADS
    downloads.mkdir(parents=True, exist_ok=True)
    with (downloads / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SecoError(f"another download to {root} is under way: wait for its end") from error
        yield downloads


def _require_space(archives: Sequence[Archive], downloads: Path, *, keep: bool) -> None:
    needed, free = space_needed(archives, downloads, keep=keep), shutil.disk_usage(downloads).free
    if needed > free:
        raise SecoError(
            f"{downloads.parent} has {free / _GIGABYTE:.1f} GB free, and up to {needed / _GIGABYTE:.1f} GB are needed: "
            "free some space or give --root on another disk"
        )


def _download(archive: Archive, downloads: Path, *, notify: Callable[[str], None], pauses: Sequence[float]) -> None:
    """Download and check an archive; one that is there already is checked only."""
    path, part = downloads / archive.file, downloads / f"{archive.file}{_UNFINISHED}"
    if not path.exists():
        with _progress("download", archive) as on_bytes:
            fetch(archive.urls, part, size=archive.size, on_bytes=on_bytes, notify=notify, pauses=pauses)
        part.replace(path)
        version_file(part).unlink(missing_ok=True)
    try:
        with _progress("check", archive) as on_bytes:
            noted = downloads / f"{archive.file}.sha256"
            note = verify(path, sha256=archive.sha256, md5=archive.md5, noted=noted, on_bytes=on_bytes)
    except SecoError as error:
        raise SecoError(f"{error}; remove {path} to download it again") from error
    if note:
        notify(note)


def _unpack_into_place(archive: Archive, downloads: Path, root: Path) -> None:
    """Unpack beside the data set, then move each file or folder that it lacks, in one step."""
    aside = downloads / "unpacked"
    shutil.rmtree(aside, ignore_errors=True)
    target = aside / archive.into
    with _progress("unpack", archive) as on_bytes:
        unpack(
            downloads / archive.file,
            target,
            below=archive.below,
            most_files=archive.most_files,
            most_bytes=archive.most_bytes,
            on_bytes=on_bytes,
        )
    lacking = [name for name in archive.gives if not _is_filled(aside / name)]
    if lacking:
        raise SecoError(f"{archive.file} does not hold {' and '.join(lacking)}: is it another file of that name?")
    others = sorted(path.relative_to(aside).as_posix() for path in target.iterdir())
    for name in [*archive.gives, *others]:
        if not _is_filled(root / name):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).replace(root / name)
    shutil.rmtree(aside)


def _is_filled(path: Path) -> bool:
    """Say whether a file, or a folder with content, is there."""
    return any(path.iterdir()) if path.is_dir() else path.exists()


@contextmanager
def _progress(work: str, archive: Archive) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of bytes done; progress is shown in megabytes."""
    total = -(-archive.size // _MEGABYTE)
    with progress(f"{work} {Path(archive.file).stem}, MB") as shown:
        yield lambda done: shown.reach(-(-done // _MEGABYTE), total)
