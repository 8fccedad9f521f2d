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
    from seco.refinement.labelling import variants_memory, write_variants
    from seco.storage.atomic import take_over

    settings, manifest, predictor = load_inference(params, data, model)
    take_over(output)
    records = records_of(manifest, settings.predict.splits)
    segmentations = predictor.segmentations(
        records,
        image_size=settings.predict.image_size,
        scales=settings.predict.scales,
        batch_size=settings.predict.batch_size,
    )
    write = partial(write_variants, folder=output, crf=settings.crf_of(settings.predict.crf))
    scored = score_segmentations(segmentations)
    write_in_workers(write, scored, memory_of=variants_memory, stage="predict", count=len(records))
