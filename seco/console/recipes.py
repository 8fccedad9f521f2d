"""The recipes side by side."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from seco.config.recipes import Recipe


def recipe_table(recipes: Sequence[Recipe]) -> Table:
    """Return a row for each recipe: name, what it is for, where its data lie, ViT, steps and images a step."""
    table = Table(box=box.SIMPLE)
    table.add_column("name", no_wrap=True)
    table.add_column("what")
    for heading in ("data root", "backbone"):
        table.add_column(heading, overflow="fold")
    for heading in ("steps", "batch"):
        table.add_column(heading, justify="right", no_wrap=True)
    for recipe in recipes:
        training = recipe.values["training"]
        vit = recipe.values["backbone"]["name"].partition(".")[0]  # without the tag of its weights
        cells = (recipe.name, recipe.about, recipe.values["dataset"]["root"], vit)
        table.add_row(*cells, str(training["steps"]), str(training["batch_size"]))
    return table


def backbone_table(recipes: Mapping[str, Recipe]) -> Table:
    """Return a row for each backbone, by its name: its ViT and the tag of its weights in timm, and the patch sizes.

    Args:
        recipes: any one recipe with each of the backbones.
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
