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
    from seco.refinement.crf import with_engine
    from seco.refinement.labelling import smooth, working_memory, write_label
    from seco.storage.atomic import take_over

    settings, manifest, predictor = load_inference(params, data, model)
    on_gpu = predictor.device.type == "cuda"
    crf = with_engine(settings.crf_of(settings.refine.crf), on_gpu=on_gpu)
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
    write_in_workers(
        partial(write_label, folder=output),
        scored,
        smooth=smooth,
        crf=crf,
        on_gpu=on_gpu,
        memory_of=working_memory,
        stage="refine",
        count=len(records),
    )
