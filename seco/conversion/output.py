"""Where a conversion is written: aside, and in one step to its place when it is complete."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seco.errors import SecoError, remedy_of
from seco.runtime.signals import deferred
from seco.storage.atomic import publish, require_writable, swap_folder, unfinished_beside

MARK = ".seco-convert"
"""In every folder that a conversion wrote: only such a folder is replaced."""


def require_place(out: Path, *, suffixes: tuple[str, ...], masks: Path, force: bool) -> None:
    """Check that a conversion may be written to `out`, before the work.

    Args:
        out: the file or folder.
        suffixes: how the file's name may end; none: it is a folder.
        masks: the folder that is converted, which must not change.
        force: whether an older result may be replaced.

    Raises:
        SecoError: it may not.
    """
    if not suffixes:
        _require_folder(out, force=force)
    else:
        require_file_name(out, suffixes=suffixes, force=force)
    place, source = _real(out), _real(masks)
    if place == source or source in place.parents:
        raise SecoError(f"{out} lies in the folder that is converted, {masks}: choose a place outside of it")
    if place in source.parents:
        raise SecoError(f"{masks} lies in {out}, which would be replaced: choose another place")
    require_writable(out.parent)


def require_file_name(out: Path, *, suffixes: tuple[str, ...], force: bool) -> None:
    """Raise a SecoError if `out` has none of the suffixes, is a folder, or exists without `force`."""
    if not out.name.lower().endswith(suffixes):
        raise SecoError(f"{out} is no name for a file of this format: let it end with {' or '.join(suffixes)}")
    if out.is_dir():
        raise SecoError(f"{out} is a folder, and the format writes a file: choose another name for it")
    if out.exists() and not force:
        raise SecoError(f"{out} exists: choose another name for the file, or replace it with --force")


@contextmanager
def written_aside(out: Path, *, is_folder: bool) -> Iterator[Path]:
    """Yield a path beside `out`, a folder or the path of a file to write; it replaces `out` when the block has ended.

    A request to stop ends the block at once. Whatever ends it early, `out` stays as it was and nothing else is left.

    Raises:
        SecoError: the system refused to write.
    """
    place = _real(out)  # a link stays, and what it leads to is replaced
    aside = unfinished_beside(place)
    try:
        if is_folder:
            aside.mkdir()
            (aside / MARK).touch()
        yield aside
        with deferred():
            _replace_folder(aside, place) if is_folder else publish(aside, place)
    except OSError as error:
        remedy = remedy_of(error, "choose a place that you may write to")
        raise SecoError(f"cannot write {out}: {error.strerror or error}; {remedy}") from error
    finally:
        with deferred():
            _remove(aside)


def _require_folder(out: Path, *, force: bool) -> None:
    if out.exists() and not out.is_dir():
        raise SecoError(f"{out} is a file, and the format writes a folder: choose another name for it")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise SecoError(f"{out} holds files that `seco convert` did not write: choose a new folder")
        if not force:
            raise SecoError(f"{out} exists: choose another folder, or replace it with --force")


def _replace_folder(aside: Path, place: Path) -> None:
    former = unfinished_beside(place)
    swap_folder(aside, place, former=former)
    _remove(former)


def _remove(path: Path) -> None:
    with suppress(OSError):  # the first error is the one to report
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
