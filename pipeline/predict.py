"""Stage `predict`: the decoder's segmentation of the validation splits, before and after each refinement."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.inference import load_inference, write_in_workers
from pipeline.options import MODEL, PARAMS, PREDICTIONS, PREPARED, Data, Model, Params


def predict(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the predictions, with a folder a variant.")] = PREDICTIONS,
) -> None:
    """Write the `single_scale`, `multi_scale` and (if enabled) `crf` masks of every image of `predict.splits`."""
    from seco.inference.predictor import score_segmentations
    from seco.refinement.labelling import write_variants

    inference = load_inference(params, data, model)
    section = inference.settings.predict
    records = inference.records_of(section.splits)
    segmentations = inference.predictor.segmentations(
        records, image_size=section.image_size, scales=section.scales, batch_size=section.batch_size
    )
    write = partial(write_variants, folder=output, crf=inference.settings.crf_of(section.crf))
    write_in_workers(write, score_segmentations(segmentations), stage="predict", count=len(records))
