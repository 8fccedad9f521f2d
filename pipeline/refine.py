"""Stage `refine`: refined pseudo masks from multi-scale CAMs, PAR and a dense CRF."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.inference import load_inference, write_in_workers
from pipeline.options import MODEL, PARAMS, PREPARED, REFINED, Data, Model, Params


def refine(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the refined masks.")] = REFINED,
) -> None:
    """Write the refined pseudo mask of every image of `refine.splits`."""
    from seco.inference.predictor import score_cams
    from seco.method.par import PAR
    from seco.refinement.labelling import write_label

    inference = load_inference(params, data, model)
    export, section = inference.settings.export, inference.settings.refine
    records = inference.records_of(section.splits)
    cams = inference.predictor.cams(
        records, image_size=export.image_size, scales=section.scales, batch_size=export.batch_size
    )
    scored = score_cams(cams, background=export.background, par=PAR() if section.use_par else None)
    write = partial(write_label, folder=output, crf=inference.settings.crf_of(section.crf))
    write_in_workers(write, scored, stage="refine", count=len(records))
