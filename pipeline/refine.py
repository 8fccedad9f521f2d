"""Stage `refine`: refined pseudo masks from multi-scale CAMs, PAR and a dense CRF."""

from pathlib import Path

from pipeline.inference import (
    load_inference,
    photos_of,
    take_over_for_all,
    write_masks,
)
from seco.storage.stage_records import recorded


@recorded("refine")
def refine(params: Path, data: Path, model: Path, output: Path) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    from seco.inference.photographs import Resizing
    from seco.inference.scoring import score_cams
    from seco.method.par import PAR
    from seco.refinement.crf import with_engine

    settings, manifest, predictor = load_inference(params, data, model)
    crf = with_engine(settings.crf_of(settings.refine.crf), on_gpu=predictor.device.type == "cuda")
    take_over_for_all(output)
    photos = photos_of(manifest, settings.refine.splits)
    cams = predictor.cams(
        photos,
        resizing=Resizing(square=settings.export.image_size),
        scales=settings.refine.scales,
        batch_size=settings.export.batch_size,
    )
    par = PAR() if settings.refine.use_par else None
    scored = score_cams(cams, background=settings.export.background, par=par)
    write_masks(predictor, scored, output, crf=crf, stage="refine", count=len(photos))
