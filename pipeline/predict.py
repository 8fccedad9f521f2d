"""Stage `predict`: the decoder's segmentation of the validation splits, before and after each refinement."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import MODEL, PARAMS, PREDICTIONS, PREPARED, Data, Model, Params


def predict(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the predictions, one below it a variant.")] = PREDICTIONS,
) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    from seco.config.settings import load_settings
    from seco.inference.predictor import load_predictor, scored_segmentation
    from seco.refinement.labelling import label_variants
    from seco.runtime.parallel import process_map
    from seco.runtime.progress import progress
    from seco.storage.manifest import read_manifest
    from seco.storage.masks import mask_path, write_mask

    settings = load_settings(params)
    manifest = read_manifest(data)
    records = [record for split in settings.predict.splits for record in manifest.split(split)]
    predictor = load_predictor(model, class_names=manifest.class_names)
    results = predictor.segmentations(
        records,
        image_size=settings.predict.image_size,
        scales=settings.predict.scales,
        batch_size=settings.predict.batch_size,
    )
    scored = (
        (
            scored_segmentation(result.record, result.single_scale),
            scored_segmentation(result.record, result.multi_scale),
        )
        for result in results
    )
    label = partial(label_variants, crf=settings.crf_of(settings.predict.crf))
    with progress("predict", len(records)) as advance:
        for variants in process_map(label, scored):
            for variant, labelled in variants.items():
                write_mask(mask_path(output / variant, labelled.id), labelled.mask)
            advance()
