"""`seco recipe`: complete settings for a data set, written to params.yaml."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, RECIPES, Params

recipe = typer.Typer(help="List, show or use recipes: complete settings for a data set.", no_args_is_help=True)

Recipes = Annotated[Path, typer.Option("--recipes", help="Folder of the recipes.")]
Name = Annotated[str, typer.Argument(help="Name of a recipe, as `seco recipe list` shows it.")]
Backbone = Annotated[
    str | None,
    typer.Option("--backbone", help="Another ViT, as `seco recipe list` shows it.", show_default="the recipe's"),
]
Root = Annotated[Path | None, typer.Option("--root", help="Folder of the data.", show_default="the recipe's")]


@recipe.command("list")
def list_recipes(recipes: Recipes = RECIPES) -> None:
    """List the recipes, and the other backbones."""
    from rich.console import Console

    from seco.config.recipes import backbone_names, compose, recipe_names
    from seco.console.recipes import backbone_table, recipe_table

    found = [compose(recipes, name) for name in recipe_names(recipes)]
    Console().print(recipe_table(found))
    backbones = {name: compose(recipes, found[0].name, backbone=name) for name in backbone_names(recipes)}
    Console().print(backbone_table(backbones))


@recipe.command("show")
def show_recipe(name: Name, root: Root = None, backbone: Backbone = None, recipes: Recipes = RECIPES) -> None:
    """Print a recipe as `use` would write it."""
    from seco.config.recipes import compose

    typer.echo(compose(recipes, name, root=root and str(root), backbone=backbone).text, nl=False)


@recipe.command("use")
def use_recipe(
    name: Name,
    root: Root = None,
    backbone: Backbone = None,
    params: Params = PARAMS,
    recipes: Recipes = RECIPES,
    force: Annotated[bool, typer.Option("--force", help="Overwrite changes of your own.", show_default="no")] = False,
) -> None:
    """Write a recipe to params.yaml; your own changes are overwritten with --force only."""
    from seco.config.recipes import compose, require_unchanged
    from seco.storage.atomic import atomic_write_text

    chosen = compose(recipes, name, root=root and str(root), backbone=backbone)
    if params.exists() and not force:
        require_unchanged(params, recipes)
    atomic_write_text(params, chosen.text)
    typer.echo(f"{params} holds the recipe {chosen.name}: {chosen.about}.")
    typer.echo(f"`dvc repro` runs it on the data in {chosen.values['prepare']['root']}.")
