"""Tables of recipes and backbones for `seco recipe list`."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from seco.config.recipes import Recipe


def recipe_table(recipes: Sequence[Recipe]) -> Table:
    """Return a row for each recipe: name, purpose, data folder, ViT, steps and images a step."""
    table = _table("name", "what", "data root", "backbone", "steps", "batch")
    for recipe in recipes:
        vit, _, _ = recipe.values["backbone"]["name"].partition(".")
        root, train = recipe.values["prepare"]["root"], recipe.values["train"]
        table.add_row(recipe.name, recipe.about, root, vit, str(train["steps"]), str(train["batch_size"]))
    return table


def backbone_table(recipes: Mapping[str, Recipe]) -> Table:
    """Return a row for each backbone: name, ViT, tag of its weights in timm, and patch size.

    Args:
        recipes: any one recipe with each of the backbones, by the backbone's name.
    """
    table = _table("--backbone", "ViT", "weights", "patch_size")
    for name, recipe in recipes.items():
        vit, _, tag = recipe.values["backbone"]["name"].partition(".")
        table.add_row(name, vit, tag, str(recipe.values["patch_size"]))
    return table


def _table(name: str, *headings: str) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column(name, no_wrap=True)
    for heading in headings:
        is_number = heading in ("steps", "batch", "patch_size")
        table.add_column(heading, overflow="fold", justify="right" if is_number else "left", no_wrap=is_number)
    return table
