"""Read YAML settings as DVC reads them: YAML 1.2 (``6e-5`` is a number), no key twice."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from seco.errors import SecoError


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


def parse_yaml(text: str, *, source: str, yaml: YAML | None = None) -> dict[str, Any]:
    """Return the mapping in a YAML text.

    Raises:
        SecoError: it is no YAML, or holds something other than a mapping; ``source`` names it.
    """
    try:
        values = (yaml or YAML(typ="safe", pure=True)).load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a date such as 2024-13-45
        raise SecoError(f"{source} is not valid YAML: {_reason(error)}") from error
    if not isinstance(values, dict):
        raise SecoError(f"{source} holds no settings: it must be a mapping of keys to values")
    return values


def _reason(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem}, line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())
