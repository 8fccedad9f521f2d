"""Tables of recipes and backbones for `seco recipe list`."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from seco.config.recipes import Recipe


def recipe_table(recipes: Sequence[Recipe]) -> Table:
    """Return a row for each recipe: name, purpose, data folder, ViT, steps and images a step."""
    table = Table(box=box.SIMPLE)
    table.add_column("name", no_wrap=True)
    table.add_column("what")
    for heading in ("data root", "backbone"):
        table.add_column(heading, overflow="fold")
    for heading in ("steps", "batch"):
        table.add_column(heading, justify="right", no_wrap=True)
    for recipe in recipes:
        train = recipe.values["train"]
        vit = recipe.values["backbone"]["name"].partition(".")[0]  # without the tag of its weights
        cells = (recipe.name, recipe.about, recipe.values["prepare"]["root"], vit)
        table.add_row(*cells, str(train["steps"]), str(train["batch_size"]))
    return table


def backbone_table(recipes: Mapping[str, Recipe]) -> Table:
    """Return a row for each backbone: name, ViT, tag of its weights in timm, and patch size.

    Args:
        recipes: any one recipe with each of the backbones, by the backbone's name.
    """
    table = Table(box=box.SIMPLE)
    table.add_column("--backbone", no_wrap=True)
    for heading in ("ViT", "weights"):
        table.add_column(heading, overflow="fold")
    table.add_column("patch_size", justify="right", no_wrap=True)
    for name, recipe in recipes.items():
        vit, _, tag = recipe.values["backbone"]["name"].partition(".")
        table.add_row(name, vit, tag, str(recipe.values["patch_size"]))
    return table
