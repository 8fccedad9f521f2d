"""Tables of recipes and backbones for `seco recipe list`."""

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.table import Column, Table

from seco.config.recipes import Recipe
from seco.console.output import text_table


def recipe_table(recipes: Sequence[Recipe]) -> Table:
    """Return a row for each recipe: name, purpose, data folder, ViT, steps and images a step."""
    rows = []
    for recipe in recipes:
        vit, _, _ = recipe.values["backbone"]["name"].partition(".")
        root, train = recipe.values["prepare"]["root"], recipe.values["train"]
        rows.append((recipe.name, recipe.about, root, vit, train["steps"], train["batch_size"]))
    return _table(("name", "what", "data root", "backbone", "steps", "batch"), rows)


def backbone_table(recipes: Mapping[str, Recipe]) -> Table:
    """Return a row for each backbone: name, ViT, tag of its weights in timm, and patch size.

    Args:
        recipes: any one recipe with each of the backbones, by the backbone's name.
    """
    rows = []
    for name, recipe in recipes.items():
        vit, _, tag = recipe.values["backbone"]["name"].partition(".")
        rows.append((name, vit, tag, recipe.values["patch_size"]))
    return _table(("--backbone", "ViT", "weights", "patch_size"), rows)


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    name, *others = headings
    columns = [Column(name, no_wrap=True)]
    for heading in others:
        is_number = heading in ("steps", "batch", "patch_size")
        columns.append(Column(heading, overflow="fold", justify="right" if is_number else "left", no_wrap=is_number))
    return text_table(columns, rows, box=box.SIMPLE)
