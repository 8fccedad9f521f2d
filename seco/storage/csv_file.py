"""CSV files of text; errors name the file and the line.

A cell that a spreadsheet would take for a formula begins with an apostrophe in the file.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text
from seco.storage.plain_text import guard_cell, unguard_cell


def write_csv(path: Path, rows: Sequence[Sequence[str]], *, columns: Sequence[str]) -> None:
    """Write rows below a header line.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    atomic_write_text(path, format_csv(rows, columns=columns))


def format_csv(rows: Sequence[Sequence[str]], *, columns: Sequence[str]) -> str:
    """Return the text that `write_csv` writes."""
    text = io.StringIO()
    plain, quoted = (csv.writer(text, lineterminator="\n", quoting=kind) for kind in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    for row in [columns, *rows]:
        # Before Python 3.13, a carriage return alone does not get its cell quoted.
        writer = quoted if any("\r" in cell for cell in row) else plain
        writer.writerow([guard_cell(cell) for cell in row])
    return text.getvalue()


def read_csv(
    path: Path, *, columns: Sequence[str], stage: str = "", remedy: str = ""
) -> list[tuple[str, dict[str, str]]]:
    """Return ("file, line n", row) for each row of a CSV that has exactly these columns.

    Raises:
        SecoError: the file is missing, no text, or has other columns; the remedy is `remedy`, or to run `stage`.
    """
    again = remedy or f"run `seco {stage}` again"
    try:
        text = path.read_bytes().decode("utf-8")  # not read_text, which changes line ends, also those in a cell
    except FileNotFoundError as error:
        raise SecoError(f"{path} is missing: {remedy or f'run `seco {stage}`'}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read ({error}): {again}") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[tuple[str, dict[str, str]]] = []
    try:
        if next(reader, []) != list(columns):
            raise SecoError(f"{path}, line 1: the columns must be {','.join(columns)}; {again}")
        for cells in reader:
            where = f"{path}, line {reader.line_num}"
            if len(cells) != len(columns):
                raise SecoError(f"{where}: {len(cells)} cells instead of {len(columns)}; {again}")
            rows.append((where, dict(zip(columns, map(unguard_cell, cells), strict=True))))
    except csv.Error as error:
        raise SecoError(f"{path}, line {reader.line_num}: is no CSV ({error}); {again}") from error
    return rows
