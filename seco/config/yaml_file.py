"""Reading params.yaml as DVC reads it: YAML 1.2 numbers, no key twice."""

import re
from pathlib import Path
from typing import Any

import yaml

from seco.errors import SecoError


class _Loader(yaml.SafeLoader):
    """A safe loader that takes ``6e-5`` for a number (PyYAML's own takes it for text) and refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: list[Any] = []
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=deep)
            if key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            keys.append(key)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: list(resolvers) for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        SecoError: the file is missing, unreadable, no YAML, or holds something other than a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SecoError(f"{path} does not exist: run from the project's folder or give --params") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read as text: {error}") from error
    return parse_yaml(text, source=str(path))


def parse_yaml(text: str, *, source: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds.

    Raises:
        SecoError: it is no YAML, or holds something other than a mapping; ``source`` names it.
    """
    try:
        values = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2024-13-45
        raise SecoError(f"{source} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise SecoError(f"{source} holds no settings: it must be a mapping of keys to values")
    return values
