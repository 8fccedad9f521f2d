"""The commands `export-cams`, `refine` and `predict`, over the prepared data or, with `--images`, any photographs."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.export import Cams
from pipeline.export import export_cams as export_cams_of_data
from pipeline.inference import leave_cores_to_workers
from pipeline.options import (
    CAMS,
    MODEL,
    PARAMS,
    PREDICTIONS,
    PREPARED,
    REFINED,
    TILE,
    Data,
    Force,
    Images,
    Labels,
    Longest,
    Model,
    More,
    Out,
    Params,
    Probabilities,
    Size,
    Tile,
)
from pipeline.photographs import Choice, export_cams_of_photographs, predict_photographs, refine_photographs
from pipeline.predict import predict as predict_data
from pipeline.refine import refine as refine_data

_LONGEST_WAIT = timedelta(days=7)
"""Of a rank that has done its images for one whose images are larger, or whose processor is slower."""

_OF_PHOTOGRAPHS = {"size": None, "longest": None, "tile": TILE, "labels": None, "probabilities": None}
"""Options that only photographs have, and their defaults."""

WithProbabilities = Annotated[
    Probabilities | None,
    typer.Option(
        "--probabilities",
        help="Class probabilities beside each mask, with --images: arrays, or a 16-bit grey PNG for each class.",
        show_default="none",
    ),
]
Output = Annotated[Path, typer.Option(help="Folder for the masks of the prepared data.")]


def export_cams(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    labels: Labels = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = TILE,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    cams: Cams = CAMS,
) -> None:
    """Write the class activation map (CAM) of every image, at a quarter of its size."""
    choice = Choice([*(images or ()), *(more or ())], model, out, size, longest, tile, force, labels)
    of_data = partial(export_cams_of_data, params, data, model, cams, force=force)
    _run(export_cams_of_photographs, choice, of_data, asked=bool(images))


def refine(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    labels: Labels = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = TILE,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Output = REFINED,
) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    leave_cores_to_workers()
    choice = Choice([*(images or ()), *(more or ())], model, out, size, longest, tile, force, labels)
    of_data = partial(refine_data, params, data, model, output, force=force)
    _run(refine_photographs, choice, of_data, asked=bool(images))


def predict(
    more: More = None,
    images: Images = None,
    model: Model = MODEL,
    out: Out = None,
    size: Size = None,
    longest: Longest = None,
    tile: Tile = TILE,
    probabilities: WithProbabilities = None,
    force: Force = False,
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Output = PREDICTIONS,
) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    leave_cores_to_workers()
    choice = Choice([*(images or ()), *(more or ())], model, out, size, longest, tile, force)
    choice = choice._replace(probabilities=None if probabilities is None else probabilities.value)
    of_data = partial(predict_data, params, data, model, output, force=force)
    _run(predict_photographs, choice, of_data, asked=bool(images))


def _run(of_photographs: Callable[[Choice], None], choice: Choice, of_data: Callable[[], None], *, asked: bool) -> None:
    """Run a command over the photographs of a choice where `--images` asks for it, else over the prepared data.

    Raises:
        SecoError: something is given that only goes with `--images`.
    """
    from seco.compute.distributed import process_group
    from seco.errors import SecoError

    with process_group(timeout=_LONGEST_WAIT):
        if asked:
            of_photographs(choice)
        elif choice.images or choice.out is not None:
            raise SecoError("--out and photographs go with --images: write --images PATH --out FOLDER")
        elif unused := [name for name, default in _OF_PHOTOGRAPHS.items() if getattr(choice, name) != default]:
            raise SecoError(
                f"--{unused[0]} goes with --images: write --images PATH --out FOLDER, or set it in params.yaml"
            )
        else:
            of_data()
