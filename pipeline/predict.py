"""Stage `predict`: the decoder's segmentation of the validation splits, before and after each refinement."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.inference import leave_cores_to_workers, load_inference, records_of, write_in_workers
from pipeline.options import MODEL, PARAMS, PREDICTIONS, PREPARED, Data, Model, Params


def predict(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the predictions, with a folder a variant.")] = PREDICTIONS,
) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    leave_cores_to_workers()
    from seco.inference.scoring import score_segmentations
    from seco.refinement.crf import with_engine
    from seco.refinement.labelling import smooth_variants, variants_memory, write_variants
    from seco.storage.atomic import take_over

    settings, manifest, predictor = load_inference(params, data, model)
    on_gpu = predictor.device.type == "cuda"
    crf = with_engine(settings.crf_of(settings.predict.crf), on_gpu=on_gpu)
    take_over(output)
    records = records_of(manifest, settings.predict.splits)
    segmentations = predictor.segmentations(
        records,
        image_size=settings.predict.image_size,
        scales=settings.predict.scales,
        batch_size=settings.predict.batch_size,
    )
    write_in_workers(
        partial(write_variants, folder=output),
        score_segmentations(segmentations),
        smooth=smooth_variants,
        crf=crf,
        on_gpu=on_gpu,
        memory_of=variants_memory,
        stage="predict",
        count=len(records),
    )
