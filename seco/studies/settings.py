"""Nested settings by dotted keys, as `dvc exp run --set-param` changes them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from seco.config.recipes import leaves
from seco.errors import SecoError, did_you_mean
from seco.storage.yaml_file import parse_yaml

ROOT = "prepare.root"
"""The folder of the data. Runs that differ in it alone count as the same."""


def look_up(settings: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key.

    Raises:
        SecoError: the settings have no such key.
    """
    found: Any = settings
    for name in key.split("."):
        if not isinstance(found, Mapping) or name not in found:
            names = list(found) if isinstance(found, Mapping) else []
            raise SecoError(f"params.yaml has no key {key}{f': {did_you_mean(name, names)}' if names else ''}")
        found = found[name]
    return found


def changed(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of settings with the values of some dotted keys replaced.

    Raises:
        SecoError: the settings lack a key.
    """
    result = deepcopy(dict(settings))
    for key, value in changes.items():
        look_up(result, key)
        section, _, name = key.rpartition(".")
        (look_up(result, section) if section else result)[name] = value
    return result


def digest(settings: Mapping[str, Any]) -> str:
    """Return eight hexadecimal digits of a hash of all settings but the seed and the folder of the data."""
    pairs = sorted((key, value) for key, value in leaves(settings) if key not in ("seed", ROOT))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:8]


def override(key: str, value: Any) -> str:
    """Return a change as `dvc exp run --set-param` takes it."""
    return f"{key}={json.dumps(value, separators=(',', ':'))}"


def change_text(changes: Mapping[str, Any]) -> str:
    """Return changes in one line: "method=toco cam.scales=[1.0,0.5]"."""
    return " ".join(
        f"{key}={value}" if isinstance(value, str) else override(key, value) for key, value in changes.items()
    )


def read_changes(words: Sequence[str]) -> dict[str, Any]:
    """Return the changes that "KEY=VALUE" words name; values are YAML.

    Raises:
        SecoError: a word is not KEY=VALUE.
    """
    changes: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise SecoError(f"--set-param {word!r} is not a change: write KEY=VALUE, such as train.steps=100")
        changes[key] = parse_yaml(f"value: {value}", source=f"--set-param {word}")["value"]
    return changes


def read_seeds(text: str) -> list[int]:
    """Return the seeds of "0,1,2", each once.

    Raises:
        SecoError: it is not a list of numbers.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words):
        raise SecoError(f"--seeds {text!r} is not a list of seeds: write numbers with commas between, such as 0,1,2")
    return [*dict.fromkeys(map(int, words))]
