"""Stage `generate`: draw the demo scenes."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, Params


def generate(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Folder for the scenes, in VOC's layout.")] = Path("data/raw/demo"),
) -> None:
    """Draw the demo scenes, with masks, in the layout of PASCAL VOC."""
    from scenes.drawing.writer import write_demo
    from seco.config.settings import load_settings
    from seco.runtime.progress import progress

    settings = load_settings(params)
    with progress("generate") as advance:
        write_demo(
            output,
            train_images=settings.generate.train_images,
            val_images=settings.generate.val_images,
            bias=settings.generate.bias,
            image_size=settings.generate.image_size,
            seed=settings.generate.seed,
            progress=advance.reach,
        )
