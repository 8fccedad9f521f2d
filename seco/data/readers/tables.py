"""Reads CSV files, UTF-8 with commas, whose first line names the columns."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seco.errors import SecoError
from seco.storage.regular import read_file

if TYPE_CHECKING:
    from _csv import Reader

IMAGE = "image"
MISSING = "write it, or correct prepare.source or prepare.lists"
"""The remedy for a list that is not there."""
_ALIASES = {  # what tools call the columns
    **dict.fromkeys(("filename", "file_name", "file", "path", "image_path", "filepath"), IMAGE),
    **dict.fromkeys(("label", "class", "classes", "tags"), "labels"),
}


UNEVEN = "the line has not as many cells as the header: put quotes around a cell that holds a comma"
"""What is wrong with a line that is not complete."""


class Row(NamedTuple):
    """A line of a table.

    Attributes:
        where: file and line, for sentences.
        cells: by column, stripped.
        is_complete: whether the line has as many cells as the header.
    """

    where: str
    cells: dict[str, str]
    is_complete: bool


class Table(NamedTuple):
    """The columns of a CSV file, and its lines that are not blank."""

    columns: list[str]
    rows: list[Row]


def read_table(file: Path) -> Table:
    """Return the content of a CSV file; other names of the columns `image` and `labels` are replaced by these.

    Raises:
        SecoError: the file is missing, is no CSV, or has a column twice.
    """
    reader = csv.reader(io.StringIO(_read_text(file), newline=""), strict=True)
    try:
        columns = _columns(file, next((row for row in reader if any(row)), []))
        return Table(columns, list(_rows(file, reader, columns)))
    except csv.Error as error:
        raise SecoError(f"{file}, line {reader.line_num}: is no CSV ({error}): save it as CSV, UTF-8") from error


def _columns(file: Path, header: Sequence[str]) -> list[str]:
    given = [cell.strip() for cell in header]
    if len(given) == 1 and (other := re.search("[;\t]", given[0])):
        raise SecoError(f"{file}, line 1: the cells are separated by {other[0]!r}: save the file with commas")
    columns = [_ALIASES.get(name.lower(), name) if _ALIASES.get(name.lower()) not in given else name for name in given]
    for name in columns:
        if columns.count(name) > 1:
            raise SecoError(f"{file}, line 1: the column {name!r} stands there twice: name each column once")
    return columns


def _rows(file: Path, reader: "Reader", columns: Sequence[str]) -> Iterator[Row]:
    for row in reader:
        if any(cell.strip() for cell in row):
            cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False)}
            yield Row(f"{file}, line {reader.line_num}", cells, len(row) == len(columns))


def _read_text(file: Path) -> str:
    data = b""
    try:
        data = read_file(file)
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SecoError(f"{file} does not exist: {MISSING}") from error
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise SecoError(f"{file}, line {line}: is not UTF-8 text: save the file as CSV, UTF-8") from error
