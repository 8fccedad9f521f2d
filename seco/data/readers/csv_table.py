"""Images listed in a CSV file, UTF-8 with commas: `image,labels[,split][,mask]`.

Labels are separated by `;` or `|`; paths are relative to the folder of the data set.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.paths import path_below, unreadable
from seco.errors import SecoError, did_you_mean
from seco.storage.manifest import TRAIN
from seco.storage.names import split_fault

_NEEDED = ("image", "labels")
_COLUMNS = (*_NEEDED, "split", "mask")
_LABEL_SEPARATOR = re.compile("[;|]")

Row = dict[str, str]


def read_csv_listing(data: ReaderInput) -> Listing:
    """List the images of CSV files.

    Args:
        data: `places` names a file for each split. One under None may have a column `split`.

    Raises:
        SecoError: a file is missing, no CSV, or has other columns.
    """
    listing = Listing()
    for split, name in data.places.items():
        file = path_below(data.root, name, outside_root=data.outside_root)
        for line, row in _rows(file, columns=[column for column in _COLUMNS if split is None or column != "split"]):
            where = f"{file}, line {line}"
            try:
                listing.images.append(_image(data, where, row, split))
            except SecoError as error:
                listing.problems.append(Problem(file, f"{where}: {error}"))
    return listing


def _image(data: ReaderInput, where: str, row: Row | None, split: str | None) -> ListedImage:
    if row is None:
        raise SecoError("the line has not as many cells as the header: put quotes around a cell that holds a comma")
    split = row.get("split", split)
    if split is not None and (fault := split_fault(split)):
        raise SecoError(f"the split {split!r} {fault}")
    labels = tuple(label.strip() for label in _LABEL_SEPARATOR.split(row["labels"]) if label.strip())
    if not labels and split in (None, TRAIN):
        raise SecoError("the label cell is empty: name the classes that the image shows, or take the line out")
    image = path_below(data.root, row["image"], outside_root=data.outside_root)
    mask = path_below(data.root, row["mask"], outside_root=data.outside_root) if row.get("mask") else None
    return ListedImage(None, image, where, labels, split, mask)


def _rows(file: Path, *, columns: Sequence[str]) -> Iterator[tuple[int, Row | None]]:
    """Yield (line number, cell by column) of every line that is not blank; None for a line of another length."""
    reader = csv.reader(io.StringIO(_read_text(file), newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(file, header, columns)
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = {column: cell.strip() for column, cell in zip(header, row, strict=False)}
                yield reader.line_num, cells if len(row) == len(header) else None
    except csv.Error as error:
        raise SecoError(f"{file}, line {reader.line_num}: is no CSV ({error}): save it as CSV, UTF-8") from error


def _read_text(file: Path) -> str:
    data = b""
    try:
        data = file.read_bytes()
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SecoError(f"{file} does not exist: write it, or correct prepare.source or prepare.lists") from error
    except OSError as error:
        raise unreadable(file, error) from error
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise SecoError(f"{file}, line {line}: is not UTF-8 text: save the file as CSV, UTF-8") from error


def _check_header(file: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    where, form = f"{file}, line 1", "the first line must be image,labels[,split][,mask]"
    if not set(header) & set(_NEEDED):
        raise SecoError(f"{where}: the header is missing: {form}")
    for name in header:
        if name not in columns:
            raise SecoError(f"{where}: the column {name!r} is unknown: {did_you_mean(name, columns)}")
        if header.count(name) > 1:
            raise SecoError(f"{where}: the column {name!r} stands there twice: {form}")
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise SecoError(f"{where}: the column {missing[0]!r} is missing: {form}")
