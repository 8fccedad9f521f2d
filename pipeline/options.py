"""Options that several stages share."""

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

Params = Annotated[Path, typer.Option("--params", help="Settings file.")]
Data = Annotated[Path, typer.Option("--data", help="Folder of the manifest that `seco prepare` wrote.")]
Model = Annotated[Path, typer.Option("--model", help="Folder of the model that `seco train` wrote.")]


def resume_folder() -> Path:
    """Return `.seco/resume` of the project, wherever DVC runs the stage.

    `dvc exp run --temp` and `dvc queue` run it in a copy of the project below `.dvc/tmp/exps`, which is deleted when
    the experiment ends or fails. For DVC's commands, `DVC_ROOT` is the project; for commands that are run by hand in
    such a copy, the copy's path shows it.
    """
    here, folder = Path.cwd(), Path(".seco/resume")
    copies = [parent for parent in here.parents if parent.parts[-3:] == (".dvc", "tmp", "exps")]
    root = Path(os.environ.get("DVC_ROOT") or (copies[-1].parents[2] if copies else here))
    return folder if root == here else root / folder


Resume = Annotated[
    Path,
    typer.Option(
        "--resume",
        help="Folder of interrupted runs.",
        default_factory=resume_folder,
        show_default=".seco/resume of the project",
    ),
]

Images = Annotated[
    list[str] | None,
    typer.Option(
        "--images",
        help="Any photographs instead of the prepared data: folders, files, patterns, a text list, or a CSV file with "
        "the columns image and labels.",
        show_default="the prepared data",
    ),
]
More = Annotated[list[str] | None, typer.Argument(metavar="[IMAGE...]", help="More of --images.", show_default=False)]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the results, with --images.", show_default="none")]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Classes that each photograph shows, such as cat,dog.", show_default="as the CSV says, or predicted"
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        min=1, help="Resize photographs to squares of this side, as the stages do.", show_default="their own size"
    ),
]
Longest = Annotated[
    int | None, typer.Option(min=1, help="Shrink photographs whose longer side is longer.", show_default="no limit")
]
TILE = 672
"""As `Resizing.tile`, which takes a second to import."""
Tile = Annotated[int, typer.Option(min=64, help="Cut larger photographs into overlapping tiles of this side.")]
Force = Annotated[bool, typer.Option("--force", help="Start over instead of going on.", show_default="resume")]


class Probabilities(str, Enum):
    """How class probabilities are written."""

    npz = "npz"
    png = "png"


PARAMS = Path("params.yaml")
RECIPES = Path("recipes")
CORRECTIONS = Path("corrections")
PREPARED = Path("data/prepare")
MODEL = Path("data/train")
CAMS = Path("data/export/cams")
SEEDS = Path("data/export/seeds")
REFINED = Path("data/refine")
PREDICTIONS = Path("data/predict")
REPORTS = Path("reports")
RESULTS = (PREPARED, MODEL, CAMS, SEEDS, REFINED, PREDICTIONS, REPORTS, Path(".seco"), Path(".dvc"), Path(".git"))
"""Folders that hold no data of the user's."""
