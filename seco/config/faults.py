"""Turn pydantic's errors into one sentence for each key."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

MISSING = "this key is missing: add it"
_UNKNOWN = ("extra_forbidden", "invalid_key")
_REASONS = {"tuple_type": "a list", "dict_type": "a section with keys", "model_type": "a section with keys"}
_EMPTY = "too_short"


def describe(faults: Iterable[ErrorDetails], values: Mapping[str, Any], *, schema: type[BaseModel]) -> dict[str, str]:
    """Return key → what is wrong with it.

    Several errors of one key (two entries of its list, two types that it may have) share a sentence.

    Args:
        faults: pydantic's errors.
        values: the values of the file.
        schema: the model of the whole file, for hints at misspelt keys.
    """
    grouped: dict[str, list[ErrorDetails]] = {}
    for fault in faults:
        grouped.setdefault(_key(fault["loc"], values), []).append(fault)
    known = _keys_of(schema)
    return {key: _sentence(key, group, known) for key, group in grouped.items()}


def _key(location: tuple[int | str, ...], values: Any) -> str:
    """Return the dotted key of an error, without what follows it (an entry of a list, one of several types)."""
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
        return MISSING
    reasons: dict[str, list[str]] = {}
    for fault in faults:
        # pydantic also calls a list too short when none of its entries is allowed.
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
