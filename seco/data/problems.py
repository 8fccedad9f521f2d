"""Problems of the data: all of them in a file, the first ones on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seco.errors import SecoError
from seco.storage.csv_file import write_csv
from seco.storage.plain_text import one_line

PROBLEMS_FILE = "problems.csv"
_COLUMNS = ("file", "problem")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the data: the file at fault, and a sentence that says what is wrong, where, and the remedy."""

    file: Path
    sentence: str


def write_problems(folder: Path, problems: Sequence[Problem]) -> Path:
    """Write all problems to `problems.csv` (the header alone where there are none) and return its path.

    Raises:
        SecoError: the file cannot be written.
    """
    path = folder / PROBLEMS_FILE
    rows = [(one_line(str(problem.file)), one_line(problem.sentence)) for problem in problems]
    write_csv(path, rows, columns=_COLUMNS)
    return path


def refuse(problems: Sequence[Problem], *, listing: Path) -> None:
    """Where there are problems, raise a SecoError with the first 20, the number of all, and the file `listing`."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"the data has {count}:", *(f"  {one_line(problem.sentence)}" for problem in problems[:_SHOWN])]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN} more")
    lines.append(f"  (all in {listing}; `seco prepare --skip-bad` leaves them out)")
    raise SecoError("\n".join(lines))
