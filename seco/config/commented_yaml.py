"""YAML files whose comments matter: read, merged and written back with them."""

import io
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from seco.errors import SecoError

_COLUMN = 31  # of the comments beside keys; one space after a value that is longer


def read_commented(path: Path) -> CommentedMap:
    """Read a YAML file that holds a mapping, with its comments.

    Raises:
        SecoError: the file is missing, unreadable, no YAML, or holds something other than a mapping.
    """
    try:
        values = _yaml().load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read as text: {error}") from error
    except YAMLError as error:
        raise SecoError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, CommentedMap):
        raise SecoError(f"{path} holds no settings: it must be a mapping of keys to values")
    return values


def to_text(values: CommentedMap) -> str:
    """Return the file's text, comments included; those beside keys stand in one column where values leave room."""
    _align(values)
    stream = io.StringIO()
    _yaml().dump(values, stream)
    return stream.getvalue()


def merge(target: CommentedMap, changes: CommentedMap, prefix: str = "") -> list[str]:
    """Put the values of `changes` into `target`, section by section, in place.

    A comment beside a key of `changes` takes the place of the one in `target`; other comments of `changes` are left.

    Returns:
        The dotted keys of `changes` that `target` has not; they are left out.
    """
    unknown: list[str] = []
    for key, value in changes.items():
        if key not in target:
            unknown.append(f"{prefix}{key}")
        elif isinstance(target[key], CommentedMap) and isinstance(value, CommentedMap):
            unknown += merge(target[key], value, f"{prefix}{key}.")
        else:
            target[key] = value
            _take_comment(target, changes, key)
    return unknown


def head(values: CommentedMap) -> list[str]:
    """Return the comment lines at the top of a file, without their `# `."""
    tokens = (values.ca.comment or [None, None])[1] or []
    lines = [line for token in tokens for line in token.value.splitlines()]
    return [line.removeprefix("#").strip() for line in lines if line]


def set_head(values: CommentedMap, lines: list[str]) -> None:
    """Replace the comment at the top of a file; an empty line follows it."""
    values.yaml_set_start_comment("\n".join(lines) + "\n\n")


class _Representer(RoundTripRepresenter):
    """Writes null as the word: the round-trip default is nothing at all."""

    def represent_none(self, data: None) -> ScalarNode:  # noqa: ARG002  the signature is ruamel's
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 4096  # a line is never wrapped
    return yaml


def _align(values: CommentedMap) -> None:
    for key, value in values.items():
        if key in values.ca.items:
            values.ca.items[key][2].start_mark.column = _COLUMN
        if isinstance(value, CommentedMap):
            _align(value)


def _take_comment(target: CommentedMap, source: CommentedMap, key: str) -> None:
    """Copy the comment beside a key. What follows it on lines of its own belongs to the next key and stays."""
    words = source.ca.items[key][2].value.partition("\n")[0] if key in source.ca.items else ""
    if not words:
        return
    if key in target.ca.items:
        token = target.ca.items[key][2]
        token.value = "\n".join([words, token.value.partition("\n")[2]])
    else:
        target.yaml_add_eol_comment(words, key)
