"""The commands `export-cams`, `refine` and `predict`, over the prepared data or, with `--images`, any photographs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.export import Cams
from pipeline.inference import leave_cores_to_workers
from pipeline.options import (
    CAMS,
    MODEL,
    PARAMS,
    PREDICTIONS,
    PREPARED,
    REFINED,
    Data,
    Force,
    Images,
    Labels,
    Longest,
    Model,
    More,
    Out,
    Params,
    Size,
    Tile,
)
from pipeline.photographs import Choice

Output = Annotated[Path, typer.Option(help="Folder for the masks of the prepared data.")]


def export_cams(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    labels: Labels = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = 672,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    cams: Cams = CAMS,
) -> None:
    """Write the class activation map (CAM) of every image, at a quarter of its size."""
    from pipeline.export import export_cams
    from pipeline.photographs import export_cams_of_photographs
    from seco.compute.distributed import process_group

    with process_group():
        if _asks_for_photographs(images, more, out):
            choice = Choice([*(images or ()), *(more or ())], model, out, labels, size, longest, tile, force)
            export_cams_of_photographs(choice)
        else:
            export_cams(params, data, model, cams)


def refine(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    labels: Labels = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = 672,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Output = REFINED,
) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    leave_cores_to_workers()
    from pipeline.photographs import refine_photographs
    from pipeline.refine import refine
    from seco.compute.distributed import process_group

    with process_group():
        if _asks_for_photographs(images, more, out):
            choice = Choice([*(images or ()), *(more or ())], model, out, labels, size, longest, tile, force)
            refine_photographs(choice)
        else:
            refine(params, data, model, output)


def predict(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = 672,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Output = PREDICTIONS,
) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    leave_cores_to_workers()
    from pipeline.photographs import predict_photographs
    from pipeline.predict import predict
    from seco.compute.distributed import process_group

    with process_group():
        if _asks_for_photographs(images, more, out):
            choice = Choice([*(images or ()), *(more or ())], model, out, None, size, longest, tile, force)
            predict_photographs(choice)
        else:
            predict(params, data, model, output)


def _asks_for_photographs(images: Sequence[str] | None, more: Sequence[str] | None, out: Path | None) -> bool:
    """Return whether `--images` is given.

    Raises:
        SecoError: something is given that only goes with it.
    """
    from seco.errors import SecoError

    if not images and (more or out is not None):
        raise SecoError("--out and photographs go with --images: write --images PATH --out FOLDER")
    return bool(images)
