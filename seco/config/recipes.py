"""Recipes: complete settings for a data set, composed of shared values and of what the recipe changes.

`recipes/base.yaml` holds every key of params.yaml with its comment; `???` marks a value that each recipe must give.
`recipes/NAME.yaml` holds a first line that says what the recipe is for, and the values that differ; a comment beside a
key replaces the base's. `recipes/backbones/NAME.yaml` holds what another ViT changes in any recipe.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml.comments import CommentedMap

from seco.config.commented_yaml import get_header, merge, read_commented, set_header, to_text
from seco.errors import SecoError, did_you_mean
from seco.storage.yaml_file import parse_yaml, read_yaml

_BASE = "base"
_BACKBONES = "backbones"
_OPEN = "???"
_ABSENT = "absent"
_TITLE = re.compile(r"# Recipe (?P<name>[^\s:]+)(?: with (?P<backbone>[^\s:]+))?:")


class Recipe(NamedTuple):
    """A recipe, ready to be written to params.yaml."""

    name: str
    about: str
    """What it is for, in a few words."""
    text: str
    """The settings file."""
    values: dict[str, Any]
    """The values in the text."""


def recipe_names(folder: Path) -> list[str]:
    """Return the names of the recipes in a folder.

    Raises:
        SecoError: there are none.
    """
    names = sorted(path.stem for path in folder.glob("*.yaml") if path.stem != _BASE)
    if not names:
        raise SecoError(f"{folder} holds no recipes: run from the project's folder or give --recipes")
    return names


def backbone_names(folder: Path) -> list[str]:
    """Return the names of the backbones for which a folder of recipes has settings."""
    return sorted(path.stem for path in (folder / _BACKBONES).glob("*.yaml"))


def compose(folder: Path, name: str, *, root: str | None = None, backbone: str | None = None) -> Recipe:
    """Return a recipe, with another data folder and another backbone if given.

    Raises:
        SecoError: a name is unknown, a file is missing or no YAML, or a file sets a key that the base does not have or
            gives no value where the base leaves one open.
    """
    _require_known("recipe", name, recipe_names(folder))
    settings, title = read_commented(folder / f"{_BASE}.yaml"), name
    about, *notes = _apply(folder / f"{name}.yaml", settings)
    if backbone is not None:
        _require_known("backbone", backbone, backbone_names(folder))
        (vit, *_) = _apply(folder / _BACKBONES / f"{backbone}.yaml", settings)
        title, about = f"{name} with {backbone}", f"{about}; {vit}"
    if root is not None:
        settings["prepare"]["root"] = root
    set_header(settings, [f"Recipe {title}: {about}", *notes, *get_header(settings)])
    text = to_text(settings)
    return Recipe(title, about, text, parse_yaml(text, source=title))


def _apply(path: Path, settings: CommentedMap) -> list[str]:
    """Put the values of a recipe or backbone into settings, in place; return its first comment lines, at least one.

    Raises:
        SecoError: it sets a key that the base does not have, or no value where the base leaves one open.
    """
    changes = read_commented(path)
    faults = [f"{key}: {_BASE}.yaml has no such key" for key in merge(settings, changes)]
    faults += [f"{key}: give a value, {_BASE}.yaml leaves it open" for key, value in leaves(settings) if value == _OPEN]
    if faults:
        listing = "\n".join(f"  {fault}" for fault in faults)
        raise SecoError(f"{path} is no recipe:\n{listing}")
    return get_header(changes) or [""]


def _require_known(kind: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise SecoError(f"there is no {kind} {name!r}: {did_you_mean(name, names)}")


def require_unchanged(params: Path, folder: Path) -> None:
    """Check that a settings file is the recipe that it comes from, except for the folder of the data.

    Raises:
        SecoError: it holds changes of the user's own, or no settings at all.
    """
    found = origin(params, folder)
    if found is not None and found[1]:
        name, changes = found
        listing = "\n".join(f"  {line}" for line in changes)
        raise SecoError(
            f"{params} holds changes of your own, which would be lost: copy the file or give --force. "
            f"The nearest recipe is {name}; the changes are:\n{listing}"
        )


def origin(params: Path, folder: Path) -> tuple[str, list[str]] | None:
    """Return the recipe that settings come from: the one that their first comment names, else the nearest.

    Returns:
        The recipe's name, and the lines of `differences`; None where the folder holds no recipe.

    Raises:
        SecoError: the settings or a recipe cannot be read.
    """
    values = read_yaml(params)
    names = [path.stem for path in sorted(folder.glob("*.yaml")) if path.stem != _BASE]
    named = _TITLE.match(params.read_text(encoding="utf-8"))
    if named is not None and named["name"] in names:
        backbone = named["backbone"] if named["backbone"] in backbone_names(folder) else None
        recipes = [compose(folder, named["name"], backbone=backbone)]
    else:
        recipes = [compose(folder, name) for name in names]
    found = ((recipe.name, differences(values, recipe)) for recipe in recipes)
    return min(found, key=lambda pair: len(pair[1]), default=None)


def differences(values: Mapping[str, Any], recipe: Recipe) -> list[str]:
    """Return a line for each key in which settings differ from a recipe, other than the folder of the data."""
    ours, theirs = dict(leaves(values)), dict(leaves(recipe.values))
    pairs = {key: (ours.get(key, _ABSENT), theirs.get(key, _ABSENT)) for key in {**theirs, **ours}}
    return [
        f"{key}: {our} ({recipe.name}: {their})"
        for key, (our, their) in pairs.items()
        if our != their and key != "prepare.root"
    ]


def leaves(values: Mapping[str, Any], prefix: str = "", *, separator: str = ".") -> list[tuple[str, Any]]:
    """Return the values of nested mappings with their keys, joined by the separator."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        below = isinstance(value, Mapping)
        found += leaves(value, f"{key}{separator}", separator=separator) if below else [(key, value)]
    return found
