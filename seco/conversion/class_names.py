"""The classes of masks outside of a project, as the command line names them."""

from collections.abc import Sequence
from pathlib import Path

from seco.data.class_sets import CLASS_SETS
from seco.errors import SecoError
from seco.storage.label_map import IGNORE
from seco.storage.names import class_fault
from seco.storage.regular import read_file


def read_class_names(text: str) -> tuple[str, ...]:
    """Return the foreground classes in id order.

    Args:
        text: names separated by commas; or a name of `CLASS_SETS`; or a text file of one name a line.

    Raises:
        SecoError: the file is missing or no text, or a name cannot be one.
    """
    names, where = _names(text)
    if not 0 < len(names) < IGNORE:
        raise SecoError(f"{where} names {len(names)} classes, but masks hold from 1 to {IGNORE - 1}: correct it")
    for number, name in enumerate(names, start=1):
        if fault := class_fault(name):
            raise SecoError(f"{where}: the class {number}, {name!r}, {fault}")
        if name in names[: number - 1]:
            raise SecoError(f"{where} names the class {name!r} twice: each has one id")
    return tuple(names)


def _names(text: str) -> tuple[Sequence[str], str]:
    path = Path(text)
    if "," in text:
        return [name.strip() for name in text.split(",")], "--classes"
    if text in CLASS_SETS:
        return CLASS_SETS[text], "--classes"
    if not path.suffix and len(path.parts) == 1 and not path.exists():
        return [text.strip()], "--classes"
    try:
        lines = read_file(path).decode("utf-8-sig").split("\n")
    except FileNotFoundError as error:
        remedy = "name a file of one class a line, or the classes, separated by commas"
        raise SecoError(f"the file of classes {path} does not exist: {remedy}") from error
    except UnicodeDecodeError as error:
        raise SecoError(f"the file of classes {path} cannot be read ({error}): save it as UTF-8 text") from error
    return [line.strip() for line in lines if line.strip()], str(path)
