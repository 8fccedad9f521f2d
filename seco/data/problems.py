"""What is wrong with the data: told in full in a file, and in short on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seco.errors import SecoError, did_you_mean
from seco.storage.rows import write_rows

PROBLEMS_FILE = "problems.csv"
_COLUMNS = ("file", "problem")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the data: the file it stands in and one sentence that names it and the remedy."""

    file: Path
    sentence: str


def unknown_classes(file: Path, where: str, names: Sequence[str], class_names: Sequence[str]) -> Problem:
    """Return the problem of labels that are no class, each with the most similar class as a hint.

    Args:
        file: the file at fault.
        where: the place that names them.
        names: the labels.
        class_names: foreground classes in id order.
    """
    faults = [f"the class {name!r} is unknown: {_hint(name, tuple(class_names))}" for name in names]
    return Problem(file, f"{where}: {'; '.join(faults)}")


@cache  # thousands of images may share a typing error
def _hint(name: str, class_names: tuple[str, ...]) -> str:
    return did_you_mean(repr(name), [repr(known) for known in class_names])


def write_problems(folder: Path, problems: Sequence[Problem]) -> Path:
    """Write all problems to `problems.csv`, which is empty but for its header where there are none; return its path.

    Raises:
        SecoError: the file cannot be written.
    """
    path = folder / PROBLEMS_FILE
    write_rows(path, [(str(problem.file), problem.sentence) for problem in problems], columns=_COLUMNS)
    return path


def refuse(problems: Sequence[Problem], *, listing: Path) -> None:
    """If there are problems, raise one SecoError that tells the first 20, counts the rest and names the file of all."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"the data has {count}:", *(f"  {problem.sentence}" for problem in problems[:_SHOWN])]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN} more")
    lines.append(f"  (all in {listing}; `seco prepare --skip-bad` leaves them out)")
    raise SecoError("\n".join(lines))
