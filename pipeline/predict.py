"""Stage `predict`: the decoder's segmentation of the validation splits, before and after each refinement."""

from functools import partial
from pathlib import Path

from pipeline.inference import (
    load_inference,
    photos_of,
    take_over_for_all,
    write_in_workers,
)
from seco.storage.stage_records import recorded


@recorded("predict")
def predict(params: Path, data: Path, model: Path, output: Path) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    from seco.inference.photographs import Resizing
    from seco.inference.scoring import score_segmentations
    from seco.refinement.crf import with_engine
    from seco.refinement.labelling import smooth_variants, variants_memory, write_variants

    settings, manifest, predictor = load_inference(params, data, model)
    on_gpu = predictor.device.type == "cuda"
    crf = with_engine(settings.crf_of(settings.predict.crf), on_gpu=on_gpu)
    take_over_for_all(output)
    photos = photos_of(manifest, settings.predict.splits)
    segmentations = predictor.segmentations(
        photos,
        resizing=Resizing(square=settings.predict.image_size),
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
        count=len(photos),
    )
