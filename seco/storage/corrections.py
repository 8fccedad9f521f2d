"""The folder of corrected masks, apart from those that the machine made: `masks/<id>.png` and `corrections.csv`."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from seco.errors import SecoError
from seco.storage.atomic import (
    link_or_copy,
    publish,
    remove_unfinished,
    require_writable,
    swap_folder,
    temporary_path,
    unfinished_beside,
)
from seco.storage.csv_file import format_csv, read_csv
from seco.storage.masks import mask_path
from seco.storage.names import id_fault
from seco.storage.regular import read_file

TABLE = "corrections.csv"
MASKS = "masks"
_COLUMNS = ("id", "digest", "classes", "source")
_RESTORE = f"restore it with git, or delete it and the folder {MASKS} to start over"


class Correction(NamedTuple):
    """A row of the table."""

    id: str
    digest: str
    """Of the mask's file."""
    classes: str
    """The names of the classes that it shows, in order of id, joined by semicolons: what its values mean."""
    source: str
    """The name of the file that it came from."""


def digest_of(content: bytes) -> str:
    """Return the first 56 bits of the SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:14]


def read_corrections(folder: Path) -> dict[str, Correction]:
    """Return the corrections by image id, in the order of the table; none where there is no table.

    Raises:
        SecoError: the table is damaged.
    """
    path = folder / TABLE
    if not path.exists():
        return {}
    found: dict[str, Correction] = {}
    for where, row in read_csv(path, columns=_COLUMNS, remedy=_RESTORE):
        correction = Correction(**row)
        if fault := id_fault(correction.id):
            raise SecoError(f"{where}: {correction.id!r} {fault}; {_RESTORE}")
        if correction.id in found:
            raise SecoError(f"{where}: the id {correction.id!r} is there twice; {_RESTORE}")
        found[correction.id] = correction
    return found


def corrected_mask(folder: Path, correction: Correction) -> Path:
    """Return the file of a corrected mask.

    Raises:
        SecoError: it is missing, or another one than was added.
    """
    path = mask_path(folder / MASKS, correction.id)
    try:
        content = read_file(path)
    except FileNotFoundError as error:
        tracked = folder / f"{MASKS}.dvc"
        remedy = f"run `dvc pull {tracked}`" if tracked.exists() else "add it again with `seco corrections add`"
        raise SecoError(
            f"the corrected mask {path} is missing: {remedy}, or take it off the list with "
            f"`seco corrections remove {correction.id}`"
        ) from error
    if digest_of(content) != correction.digest:
        raise SecoError(
            f"the corrected mask {path} is not the one that was added: take it out of the folder and add it with "
            "`seco corrections add --replace`, or restore it (`dvc checkout`)"
        )
    return path


def require_listed(folder: Path, corrections: Mapping[str, Correction]) -> None:
    """Raise a SecoError where the folder of masks has a file that the table does not list."""
    listed = {mask_path(folder / MASKS, image_id) for image_id in corrections}
    files = (path for path in (folder / MASKS).rglob("*") if path.is_file())
    strange = sorted(path for path in files if path not in listed and not path.name.startswith("."))
    if strange:
        raise SecoError(
            f"{strange[0]} was put there by hand ({len(strange)} in all): move it out of the folder, and add it with "
            "`seco corrections add`"
        )


def write_corrections(
    folder: Path,
    corrections: Mapping[str, Correction],
    contents: Mapping[str, bytes],
    *,
    keep: Iterable[str],
    before: Mapping[str, Correction],
) -> None:
    """Replace table and masks together; where one cannot be written, both stay as they were.

    Args:
        folder: of the corrections.
        corrections: all rows of the new table.
        contents: the files of new masks, by image id.
        keep: the ids whose masks stay.
        before: all rows of the old table, as they were when the new ones were made.

    Raises:
        SecoError: the folder cannot be written, or somebody else has changed it.
    """
    with _only_writer(folder):
        if read_corrections(folder) != before:
            raise SecoError(f"{folder} was changed by another command in the meantime: run this one again")
        _write(folder, corrections, contents, keep)


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Wait until no other command writes to a folder, which is made if necessary."""
    require_writable(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # of file systems without locks of folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(
    folder: Path, corrections: Mapping[str, Correction], contents: Mapping[str, bytes], keep: Iterable[str]
) -> None:
    remove_unfinished(folder)
    masks = folder / MASKS
    fresh, former = unfinished_beside(masks), unfinished_beside(masks)
    rows = [tuple(corrections[image_id]) for image_id in sorted(corrections)]
    with temporary_path(folder / TABLE) as aside:
        try:
            fresh.mkdir()
            for image_id in keep:
                link_or_copy(mask_path(masks, image_id), mask_path(fresh, image_id))
            for image_id, content in contents.items():
                target = mask_path(fresh, image_id)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            aside.write_text(format_csv(rows, columns=_COLUMNS), encoding="utf-8", newline="")
            swap_folder(fresh, masks, former=former)
            try:
                publish(aside, folder / TABLE)
            except OSError:
                swap_folder(former, masks, former=fresh)
                raise
        finally:
            for folder_left in (fresh, former):
                shutil.rmtree(folder_left, ignore_errors=True)
