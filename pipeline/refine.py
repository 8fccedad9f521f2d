"""Stage `refine`: refined pseudo masks from multi-scale CAMs, PAR and a dense CRF."""

from pathlib import Path

from pipeline.inference import load_inference, photos_of, stage_results, tell_left_out, write_masks
from seco.storage.stage_records import recorded


@recorded("refine")
def refine(params: Path, data: Path, model: Path, output: Path, *, force: bool) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    from seco.inference.photographs import Resizing
    from seco.inference.scoring import score_cams
    from seco.method.par import PAR
    from seco.storage.masks import mask_path

    settings, manifest, predictor = load_inference(params, data, model)
    crf = settings.crf_of(settings.refine.crf)
    photos = photos_of(manifest, settings.refine.splits)
    par = PAR() if settings.refine.use_par else None
    with stage_results(
        "refine",
        output,
        settings,
        manifest,
        sections={"crf", "export", "refine"},
        inputs=(data, model),
        files_of=lambda image_id: [mask_path(output, image_id)],
        force=force,
    ) as done:
        cams = predictor.cams(
            photos,
            resizing=Resizing(square=settings.export.image_size),
            scales=settings.refine.scales,
            batch_size=settings.export.batch_size,
            done=done,
        )
        scored = score_cams(cams, background=settings.export.background, par=par)
        left = len(photos) - sum(photo.id in done for photo in photos)
        lost = write_masks(predictor, scored, output, crf=crf, stage="refine", count=left)
        tell_left_out(lost, output)
