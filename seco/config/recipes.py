"""Recipes: settings for a data set as a whole, composed of what all share and of what one of them changes.

`recipes/base.yaml` holds every key of params.yaml, with its comment; `???` marks a value that each recipe must give.
`recipes/NAME.yaml` holds what differs: a first line that tells what the recipe is for, and values. A comment beside a
key takes the place of the base's. `recipes/backbones/NAME.yaml` holds what another ViT changes in any recipe.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from seco.config.commented_yaml import head, merge, read_commented, set_head, to_text
from seco.config.yaml_file import read_yaml
from seco.errors import SecoError, did_you_mean

_BASE = "base"
_BACKBONES = "backbones"
_OPEN = "???"
_ROOT = "prepare.root"
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


def backbone_names(folder: Path) -> list[str]:
    """Return the names of the backbones for which the recipes of a folder have settings."""
    return sorted(path.stem for path in (folder / _BACKBONES).glob("*.yaml"))


def compose(folder: Path, name: str, *, root: str | None = None, backbone: str | None = None) -> Recipe:
    """Return a recipe, with the data at `root` and with another backbone if given.

    Raises:
        SecoError: a name is unknown, a file is missing or no YAML, or one sets a key that the base has not or leaves
            one of the base's open.
    """
    _require("recipe", name, recipe_names(folder))
    settings, title = read_commented(folder / f"{_BASE}.yaml"), name
    about, *notes = _put(settings, folder / f"{name}.yaml", whole=True)
    if backbone is not None:
        _require("backbone", backbone, backbone_names(folder))
        (vit, *_) = _put(settings, folder / _BACKBONES / f"{backbone}.yaml", whole=False)
        title, about = f"{name} with {backbone}", f"{about}; {vit}"
    if root is not None:
        settings["dataset"]["root"] = root
    set_head(settings, [f"Recipe {title}: {about}", *notes, *head(settings)])
    text = to_text(settings)
    return Recipe(title, about, text, YAML(typ="safe").load(text))


def _put(settings: CommentedMap, path: Path, *, whole: bool) -> list[str]:
    """Put a file's values into settings, in place; return the comment lines at its top, one at least.

    Raises:
        SecoError: it sets a key that the base has not, or leaves one of the base's open where it makes them whole.
    """
    changes = read_commented(path)
    faults = [f"{key}: {_BASE}.yaml has no such key" for key in merge(settings, changes)]
    if whole:
        gaps = [key for key, value in leaves(settings) if value == _OPEN]
        faults += [f"{key}: give a value, {_BASE}.yaml leaves it open" for key in gaps]
    if faults:
        listing = "\n".join(f"  {fault}" for fault in faults)
        raise SecoError(f"{path} is no recipe:\n{listing}")
    return head(changes) or [""]


def _require(kind: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise SecoError(f"there is no {kind} {name!r}: {did_you_mean(name, names)}")


def require_unchanged(params: Path, folder: Path) -> None:
    """Make sure that a settings file holds what some recipe says; the folder of the data may be another.

    Raises:
        SecoError: it holds changes of the user's own, or no settings at all.
    """
    values = read_yaml(params)
    backbones = [None, *backbone_names(folder)]
    recipes = [compose(folder, name, backbone=other) for name in recipe_names(folder) for other in backbones]
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


def leaves(values: Mapping[str, Any], prefix: str = "", *, separator: str = ".") -> list[tuple[str, Any]]:
    """Return the values of nested mappings with their keys, whose parts the separator joins."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        below = isinstance(value, Mapping)
        found += leaves(value, f"{key}{separator}", separator=separator) if below else [(key, value)]
    return found
