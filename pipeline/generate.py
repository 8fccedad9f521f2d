"""Stage `generate`: draw the demo scenes, or surfaces with defects."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, Params


def generate(
    params: Params = PARAMS,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the images, in VOC's layout.", show_default="data/raw and generate.kind"),
    ] = None,
) -> None:
    """Draw the demo scenes or surfaces with defects, in VOC's layout."""
    from scenes.drawing.writer import write_demo
    from seco.config.settings import load_settings
    from seco.runtime.progress import progress

    settings = load_settings(params)
    with progress("generate") as advance:
        write_demo(
            output or Path("data/raw") / settings.generate.kind,
            kind=settings.generate.kind,
            train_images=settings.generate.train_images,
            val_images=settings.generate.val_images,
            bias=settings.generate.bias,
            image_size=settings.generate.image_size,
            seed=settings.generate.seed,
            progress=advance.reach,
        )
