"""What pydantic finds wrong in params.yaml, told in one line a key."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_UNKNOWN = ("extra_forbidden", "invalid_key")
_REASONS = {"tuple_type": "a list", "dict_type": "a section with keys", "model_type": "a section with keys"}
_EMPTY = "too_short"


def describe(faults: Iterable[ErrorDetails], values: Mapping[str, Any], *, schema: type[BaseModel]) -> dict[str, str]:
    """Return key → what is wrong with it.

    A key may be at fault in several ways (two entries of its list, two types that it may have): they share a line.

    Args:
        faults: what pydantic says.
        values: what the file holds.
        schema: the model of the whole file, for hints at keys that are misspelt.
    """
    grouped: dict[str, list[ErrorDetails]] = {}
    for fault in faults:
        grouped.setdefault(_key(fault["loc"], values), []).append(fault)
    known = _keys_of(schema)
    return {key: _sentence(key, group, known) for key, group in grouped.items()}


def _key(location: tuple[int | str, ...], values: Any) -> str:
    """Return the dotted key at fault; what follows it (an entry of a list, one of several types) is left out."""
    names = []
    for part in location:
        if not isinstance(values, Mapping):
            break
        names.append(str(part))
        values = values.get(part)
    return ".".join(names)


def _sentence(key: str, faults: list[ErrorDetails], known: list[str]) -> str:
    kind = faults[0]["type"]
    if kind in _UNKNOWN:
        similar = difflib.get_close_matches(key, known, n=1)
        return f"this key is unknown: {f'did you mean {similar[0]}?' if similar else 'remove it'}"
    if kind == "missing":
        return "this key is missing: add it"
    reasons: dict[str, list[str]] = {}
    for fault in faults:
        # A list of which no entry is allowed is called too short besides.
        if fault["type"] != _EMPTY or len(faults) == 1:
            reasons.setdefault(repr(fault["input"]), []).append(_reason(fault))
    return "; ".join(f"{value} is not allowed: must be {' or '.join(why)}" for value, why in reasons.items())


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == _EMPTY:
        return f"a list of {fault.get('ctx', {})['min_length']} or more"
    return _REASONS.get(fault["type"], fault["msg"].removeprefix("Input should be "))


def _keys_of(schema: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, field in schema.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _keys_of(field.annotation, f"{prefix}{name}.")
    return keys
