"""Options that several stages share."""

from pathlib import Path
from typing import Annotated

import typer

Params = Annotated[Path, typer.Option("--params", help="Settings file.")]
Data = Annotated[Path, typer.Option("--data", help="Folder of the manifest that `seco prepare` wrote.")]
Model = Annotated[Path, typer.Option("--model", help="Folder of the model that `seco train` wrote.")]

PARAMS = Path("params.yaml")
RECIPES = Path("recipes")
PREPARED = Path("data/prepared")
MODEL = Path("data/model")
CAMS = Path("data/cams")
SEEDS = Path("data/masks/seeds")
REFINED = Path("data/masks/refined")
PREDICTIONS = Path("data/predictions")
REPORTS = Path("reports")
