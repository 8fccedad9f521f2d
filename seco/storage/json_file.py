"""JSON files. In metrics, a number that is not finite is `null` with a note, so that any reader can parse them."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text

NOTES = "notes"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain, finite JSON values, indented.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    atomic_write_text(path, format_json(content))


def format_json(content: Mapping[str, Any]) -> str:
    """Return the text that `write_json` writes."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write_metrics(path: Path, metrics: Mapping[str, Any], *, notes: Sequence[str] = ()) -> None:
    """Write nested metrics as `finite_metrics` returns them; raises as `write_json`."""
    write_json(path, finite_metrics(metrics, notes=notes))


def finite_metrics(metrics: Mapping[str, Any], *, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return nested metrics (mappings, sequences, numbers, strings, None) as sorted plain JSON values.

    An infinite or undefined number becomes `null`, and the list under "notes" says which one and why, after the
    caller's `notes`. Without notes there is no list. (A list, because DVC would take the strings of a mapping for
    metrics.)
    """
    found: list[str] = []
    content = _finite(metrics, (), found)
    if found or notes:
        content[NOTES] = [*notes, *found]
    return dict(sorted(content.items()))


def read_metrics(path: Path, *, stage: str) -> dict[str, Any]:
    """Return the metrics at `path`, with None for numbers that were not finite.

    Args:
        path: the JSON file.
        stage: the command that writes it, named in the remedy.

    Raises:
        SecoError: the file is missing or no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SecoError(f"{path} is missing: run `seco {stage}`") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SecoError(f"{path} is not readable JSON ({error}): run `seco {stage}` again") from error
    if not isinstance(content, dict):
        raise SecoError(f"{path} holds no JSON object: run `seco {stage}` again")
    return content


def _finite(value: Any, keys: tuple[str, ...], found: list[str]) -> Any:
    """Return `value` in plain JSON types; each non-finite number becomes None and is noted in `found`."""
    if isinstance(value, Mapping):
        return {str(key): _finite(value[key], (*keys, str(key)), found) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple | np.ndarray):
        return [_finite(item, (*keys, str(index)), found) for index, item in enumerate(value)]
    if isinstance(value, np.generic):
        return _finite(value.item(), keys, found)
    if isinstance(value, float) and not math.isfinite(value):
        found.append(f"{'.'.join(keys)} is {'not defined' if math.isnan(value) else 'infinite'}")
        return None
    return value
