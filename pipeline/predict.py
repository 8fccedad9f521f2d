"""Stage `predict`: the decoder's segmentation of the validation splits, before and after each refinement."""

from functools import partial
from pathlib import Path

from pipeline.inference import load_inference, photos_of, stage_results, tell_left_out, write_in_workers
from seco.storage.stage_records import recorded


@recorded("predict")
def predict(params: Path, data: Path, model: Path, output: Path, *, force: bool) -> None:
    """Segment images with the network: at one scale, at several, and with a dense CRF."""
    from seco.inference.photographs import Resizing
    from seco.inference.scoring import score_segmentations
    from seco.refinement.labelling import smooth_variants, variant_paths, variants_memory, write_variants

    settings, manifest, predictor = load_inference(params, data, model)
    crf = settings.crf_of(settings.predict.crf)
    photos = photos_of(manifest, settings.predict.splits)
    with stage_results(
        "predict",
        output,
        settings,
        manifest,
        sections={"crf", "predict"},
        inputs=(data, model),
        files_of=partial(variant_paths, output, crf=crf is not None),
        may_have=partial(variant_paths, output, crf=True),
        force=force,
    ) as done:
        segmentations = predictor.segmentations(
            photos,
            resizing=Resizing(square=settings.predict.image_size),
            scales=settings.predict.scales,
            batch_size=settings.predict.batch_size,
            done=done,
        )
        lost = write_in_workers(
            partial(write_variants, folder=output),
            score_segmentations(segmentations),
            smooth=smooth_variants,
            crf=crf,
            on_gpu=predictor.device.type == "cuda",
            memory_of=variants_memory,
            stage="predict",
            count=len(photos) - sum(photo.id in done for photo in photos),
        )
        tell_left_out(lost, output)
