"""Photographs outside of a data set: folders, files, patterns, and lists with or without labels."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seco.data.readers.csv_table import LABELS, split_labels
from seco.data.readers.finder import PHOTOGRAPHS, FileFinder
from seco.data.readers.tables import IMAGE, UNEVEN, read_table
from seco.data.readers.walk import files_below
from seco.errors import SecoError
from seco.storage.names import id_fault
from seco.storage.regular import read_file

_LISTS = (".csv", ".txt")
_SHOWN = 3  # problems in a sentence


class FoundPhotograph(NamedTuple):
    """An image file."""

    id: str
    """Its path below the folder that was named, without suffix; results get this name."""
    path: Path
    labels: tuple[str, ...] | None
    """The classes that a CSV file says it shows; None where nothing says it."""


def find_photographs(places: Sequence[str]) -> list[FoundPhotograph]:
    """Return the photographs in folders, files, patterns such as `shots/**/*.jpg`, text lists and CSV files.

    A text list has a path a line. A CSV file has the columns `image` and, if it likes, `labels`; no labels in a row say
    that the image shows none of the classes. Paths in both are relative to the folder of the list.

    Raises:
        SecoError: a place is not there or holds no photograph, a list is damaged, or two files would have one name.
    """
    found = [photograph for place in places for photograph in _find(place)]
    if not found:
        raise SecoError(f"{', '.join(places)}: no photograph is named there: correct --images")
    named: dict[str, Path] = {}
    for photograph in found:
        if fault := id_fault(photograph.id):
            raise SecoError(f"{photograph.path}: {photograph.id!r} {fault}")
        other = named.setdefault(photograph.id, photograph.path)
        if other != photograph.path:
            raise SecoError(
                f"{other} and {photograph.path} would both have results of the name {photograph.id}: rename one, or "
                "name the folder that holds both folders"
            )
    once: dict[str, FoundPhotograph] = {}
    for photograph in found:
        once[photograph.id] = _with_labels(photograph, once.get(photograph.id))
    return list(once.values())


def _with_labels(photograph: FoundPhotograph, other: FoundPhotograph | None) -> FoundPhotograph:
    """Return a photograph with the labels of both of its lines."""
    if other is None or other.labels is None:
        return photograph
    return photograph._replace(labels=tuple(dict.fromkeys((*other.labels, *(photograph.labels or ())))))


def _find(place: str) -> Iterator[FoundPhotograph]:
    path = Path(place)
    if path.is_dir():
        files = files_below(path, suffixes=PHOTOGRAPHS)
        if not files:
            raise SecoError(f"{path} holds no photograph ({', '.join(sorted(PHOTOGRAPHS))}): name another folder")
        for file in files:
            yield FoundPhotograph(file.relative_to(path).with_suffix("").as_posix(), file, None)
    elif path.suffix.lower() in _LISTS and path.is_file():
        yield from _read_csv(path) if path.suffix.lower() == ".csv" else _read_text(path)
    elif path.exists() or path.is_symlink():
        yield FoundPhotograph(path.stem, path, None)
    elif files := sorted(glob.glob(place, recursive=True)):  # noqa: PTH207  patterns may be absolute
        for file in map(Path, files):
            if file.is_file() and file.suffix.lower() in PHOTOGRAPHS:
                yield FoundPhotograph(file.stem, file, None)
    else:
        raise SecoError(f"{place} is no folder, photograph, list or pattern that fits a file: correct --images")


def _read_csv(file: Path) -> Iterator[FoundPhotograph]:
    table, finder = read_table(file), FileFinder(file.parent, outside_root=True)
    if IMAGE not in table.columns:
        raise SecoError(f"{file}, line 1: the column {IMAGE!r} is missing: the first line must be image[,labels]")
    has_labels = LABELS in table.columns
    faults: list[str] = []
    for row in table.rows:
        if not row.is_complete:
            faults.append(f"{row.where}: {UNEVEN}")
            continue
        try:
            path = finder.find(row.cells.get(IMAGE, ""))
        except SecoError as fault:
            faults.append(f"{row.where}: {fault}")
            continue
        labels = split_labels(row.cells.get(LABELS, "")) if has_labels else None
        yield FoundPhotograph(_id_below(path, file.parent), path, labels)
    _require_none(faults)


def _read_text(file: Path) -> Iterator[FoundPhotograph]:
    try:
        lines = read_file(file).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SecoError(f"{file} is not UTF-8 text: save it as UTF-8, with a path a line") from error
    faults: list[str] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        path = file.parent / text
        if text and not path.is_file():
            faults.append(f"{file}, line {number}: {path} does not exist: correct the line")
        elif text:
            yield FoundPhotograph(_id_below(path, file.parent), path, None)
    _require_none(faults)


def _id_below(path: Path, folder: Path) -> str:
    """Return the id of a file of a list: its path below the list's folder, or its name where it lies elsewhere."""
    below = path.relative_to(folder) if path.is_relative_to(folder) and ".." not in path.parts else Path(path.name)
    return below.with_suffix("").as_posix()


def _require_none(faults: Sequence[str]) -> None:
    if faults:
        more = f"\nand {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise SecoError("\n".join(faults[:_SHOWN]) + more)
