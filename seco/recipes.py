"""Recipes: settings for a data set as a whole, composed of what all share and of what one of them changes.

`recipes/base.yaml` holds every key of params.yaml, with its comment; `???` marks a value that each recipe must give.
`recipes/NAME.yaml` holds what differs: a first line that tells what the recipe is for, and values. A comment beside a
key takes the place of the base's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from seco.commented_yaml import head, merge, read_commented, set_head, to_text
from seco.config_file import read_yaml
from seco.errors import SecoError
from seco.hints import did_you_mean

_BASE = "base"
_OPEN = "???"
_ROOT = "dataset.root"
_ABSENT = "absent"


class Recipe(NamedTuple):
    """A recipe, ready to be written to params.yaml."""

    name: str
    about: str
    """What it is for, in a few words."""
    text: str
    """The settings file."""
    values: dict[str, Any]
    """What the text says."""


def recipe_names(folder: Path) -> list[str]:
    """Return the names of the recipes in a folder.

    Raises:
        SecoError: there are none.
    """
    names = sorted(path.stem for path in folder.glob("*.yaml") if path.stem != _BASE)
    if not names:
        raise SecoError(f"{folder} holds no recipes: run from the project's folder or give --recipes")
    return names


def compose(folder: Path, name: str, *, root: str | None = None) -> Recipe:
    """Return a recipe, with the data at `root` if given.

    Raises:
        SecoError: the name is unknown, a file is missing or no YAML, or the recipe sets a key that the base has not
            or leaves one of the base's open.
    """
    names = recipe_names(folder)
    if name not in names:
        raise SecoError(f"there is no recipe {name!r}: {did_you_mean(name, names)}")
    settings, changes = (read_commented(folder / f"{stem}.yaml") for stem in (_BASE, name))
    faults = [f"{key}: {_BASE}.yaml has no such key" for key in merge(settings, changes)]
    faults += [f"{key}: give a value, {_BASE}.yaml leaves it open" for key, value in leaves(settings) if value == _OPEN]
    if faults:
        listing = "\n".join(f"  {fault}" for fault in faults)
        raise SecoError(f"{folder / name}.yaml is no recipe:\n{listing}")
    if root is not None:
        settings["dataset"]["root"] = root
    about, *notes = head(changes) or [""]
    set_head(settings, [f"Recipe {name}: {about}", *notes, *head(settings)])
    text = to_text(settings)
    return Recipe(name, about, text, YAML(typ="safe").load(text))


def require_unchanged(params: Path, folder: Path) -> None:
    """Make sure that a settings file holds what some recipe says; the folder of the data may be another.

    Raises:
        SecoError: it holds changes of the user's own, or no settings at all.
    """
    values = read_yaml(params)
    recipes = [compose(folder, name) for name in recipe_names(folder)]
    nearest, found = min(((item, differences(values, item)) for item in recipes), key=lambda pair: len(pair[1]))
    if found:
        listing = "\n".join(f"  {line}" for line in found)
        raise SecoError(
            f"{params} holds changes of your own, which would be lost: copy the file or give --force. "
            f"Beside the recipe {nearest.name} they are:\n{listing}"
        )


def differences(values: Mapping[str, Any], recipe: Recipe) -> list[str]:
    """Return a line for each key in which settings differ from a recipe; where the data lie is no difference."""
    ours, theirs = dict(leaves(values)), dict(leaves(recipe.values))
    keys = [key for key in {**theirs, **ours} if ours.get(key, _ABSENT) != theirs.get(key, _ABSENT) and key != _ROOT]
    return [f"{key}: {ours.get(key, _ABSENT)} ({recipe.name}: {theirs.get(key, _ABSENT)})" for key in keys]


def leaves(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return dotted keys and values of nested settings."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        found += leaves(value, f"{key}.") if isinstance(value, Mapping) else [(key, value)]
    return found
