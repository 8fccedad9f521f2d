"""Stage `refine`: refined pseudo masks from multi-scale CAMs, PAR and a dense CRF."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.inference import leave_cores_to_workers, load_inference, records_of, write_in_workers
from pipeline.options import MODEL, PARAMS, PREPARED, REFINED, Data, Model, Params


def refine(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the refined masks.")] = REFINED,
) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    leave_cores_to_workers()
    from seco.inference.scoring import score_cams
    from seco.method.par import PAR
    from seco.refinement.labelling import working_memory, write_label
    from seco.storage.atomic import take_over

    settings, manifest, predictor = load_inference(params, data, model)
    take_over(output)
    records = records_of(manifest, settings.refine.splits)
    cams = predictor.cams(
        records,
        image_size=settings.export.image_size,
        scales=settings.refine.scales,
        batch_size=settings.export.batch_size,
    )
    par = PAR() if settings.refine.use_par else None
    scored = score_cams(cams, background=settings.export.background, par=par)
    write = partial(write_label, folder=output, crf=settings.crf_of(settings.refine.crf))
    write_in_workers(write, scored, memory_of=working_memory, stage="refine", count=len(records))
