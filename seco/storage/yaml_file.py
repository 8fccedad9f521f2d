"""Read YAML as DVC reads it: YAML 1.2 (``6e-5`` is a number), no key twice; hostile files are refused at once."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

from seco.errors import SecoError

_MOST_VALUES = 10_000  # also those that aliases repeat: a few lines of aliases can stand for billions
_LONGEST = 3_000  # signs of a setting; Python refuses to print numbers of more than 4300 digits
_DEEPEST = 30  # levels of lists and mappings in each other


def read_yaml(path: Path, *, yaml: YAML | None = None) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Args:
        path: the file.
        yaml: the reader; plain values when None.

    Raises:
        SecoError: the file is missing, unreadable, no YAML, or holds something other than a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SecoError(f"{path} does not exist: run from the project's folder or give --params") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read as text: {error}") from error
    return parse_yaml(text, source=str(path), yaml=yaml)


def parse_yaml(text: str, *, source: str, yaml: YAML | None = None, longest: int = _LONGEST) -> dict[str, Any]:
    """Return the mapping in a YAML text.

    Args:
        text: the YAML.
        source: names it in errors.
        yaml: the reader; plain values when None.
        longest: signs that a quoted or indented text may have; other values, such as numbers, have 3000 at most.

    Raises:
        SecoError: it is no YAML, too large, or holds something other than a mapping.
    """
    try:
        _require_bounded(text, source, longest)
        values = (yaml or YAML(typ="safe", pure=True)).load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a date such as 2024-13-45
        raise SecoError(f"{source} is not valid YAML: {_reason(error)}") from error
    if not isinstance(values, dict):
        raise SecoError(f"{source} holds no keys: it must be a mapping of keys to values")
    return values


def _require_bounded(text: str, source: str, longest: int) -> None:
    """Raise a SecoError if a text has too many or too long values or levels, before any of its aliases is followed."""
    sizes: dict[str, int] = {}  # of the collections that have an anchor and have ended: the values in each
    opened: list[tuple[str | None, int]] = []  # anchor and first value of the collections around an event
    count = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, CollectionEndEvent):
            anchor, first = opened.pop()
            if anchor is not None:
                sizes[anchor] = count - first
            continue
        if isinstance(event, CollectionStartEvent):
            opened.append((event.anchor, count))
        count += sizes.get(event.anchor, 1) if isinstance(event, AliasEvent) else isinstance(event, NodeEvent)
        if isinstance(event, AliasEvent) and any(anchor == event.anchor for anchor, _ in opened):
            raise SecoError(f"{source} holds a value that contains itself (*{event.anchor}): write it out")
        if isinstance(event, ScalarEvent):
            most = longest if event.style else _LONGEST
            if len(event.value) > most:
                raise SecoError(f"{source}, line {event.start_mark.line + 1}: a value has more than {most} signs")
        if len(opened) > _DEEPEST or count > _MOST_VALUES:
            raise SecoError(
                f"{source} holds more than {_MOST_VALUES} values, with those that aliases repeat, or more than "
                f"{_DEEPEST} levels: it is no file of this kind"
            )


def _reason(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem}, line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())
