"""Read, merge and write YAML files together with their comments."""

import io
from pathlib import Path
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from seco.storage.yaml_file import read_yaml

_COLUMN = 31  # of the comments beside keys; a longer value is followed by one space


class _Representer(RoundTripRepresenter):
    """Writes None as the word null: ruamel's default is an empty value."""

    def represent_none(self, data: None) -> ScalarNode:  # noqa: ARG002  the signature is ruamel's
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


def read_commented(path: Path) -> CommentedMap:
    """Read a YAML file with its comments; raises as `read_yaml`."""
    return cast(CommentedMap, read_yaml(path, yaml=_yaml()))


def to_text(values: CommentedMap) -> str:
    """Return values and comments as YAML."""
    stream = io.StringIO()
    _yaml().dump(values, stream)
    return stream.getvalue()


def merge(target: CommentedMap, changes: CommentedMap, prefix: str = "") -> list[str]:
    """Put the values of `changes` into `target`, section by section, in place.

    A comment beside a key of `changes` replaces the one in `target`; other comments of `changes` are dropped.

    Returns:
        The dotted keys of `changes` that `target` does not have; they are left out.
    """
    unknown: list[str] = []
    for key, value in changes.items():
        if key not in target:
            unknown.append(f"{prefix}{key}")
        elif isinstance(target[key], CommentedMap) and isinstance(value, CommentedMap):
            unknown += merge(target[key], value, f"{prefix}{key}.")
        else:
            _copy(key, changes, target)
    return unknown


def get_header(values: CommentedMap) -> list[str]:
    """Return the comment lines at the top of a file, without their `# `."""
    tokens = (values.ca.comment or [None, None])[1] or []
    lines = [line for token in tokens for line in token.value.splitlines()]
    return [line.removeprefix("#").strip() for line in lines if line]


def set_header(values: CommentedMap, lines: list[str]) -> None:
    """Replace the comment at the top of a file; an empty line follows it."""
    values.yaml_set_start_comment("\n".join(lines) + "\n\n")


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 4096  # never wrap a line
    return yaml


def _copy(key: str, source: CommentedMap, target: CommentedMap) -> None:
    """Copy a value and the comment beside it; comment lines below it belong to the next key and stay."""
    target[key] = source[key]
    comments = [values.ca.items[key][2].value if key in values.ca.items else "" for values in (source, target)]
    (new, _, _), (old, _, below) = (comment.partition("\n") for comment in comments)
    if new or old:
        target.yaml_add_eol_comment(new or old, key, column=_COLUMN)
        target.ca.items[key][2].value += f"\n{below}"
