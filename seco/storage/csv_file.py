"""CSV files of text; errors name the file and the line."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text


def write_csv(path: Path, rows: Sequence[Sequence[str]], *, columns: Sequence[str]) -> None:
    """Write rows below a header line.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    atomic_write_text(path, text.getvalue())


def read_csv(path: Path, *, columns: Sequence[str], stage: str) -> list[tuple[str, dict[str, str]]]:
    """Return ("file, line n", row) for each row of a CSV that has exactly these columns.

    Raises:
        SecoError: the file is missing, no text, or has other columns; the remedy is to run `stage`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SecoError(f"{path} is missing: run `seco {stage}`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read ({error}): run `seco {stage}` again") from error
    reader = csv.reader(io.StringIO(text))
    if next(reader, []) != list(columns):
        raise SecoError(f"{path}, line 1: the columns must be {','.join(columns)}; run `seco {stage}` again")
    rows: list[tuple[str, dict[str, str]]] = []
    for cells in reader:
        where = f"{path}, line {reader.line_num}"
        if len(cells) != len(columns):
            raise SecoError(f"{where}: {len(cells)} cells instead of {len(columns)}; run `seco {stage}` again")
        rows.append((where, dict(zip(columns, cells, strict=True))))
    return rows
