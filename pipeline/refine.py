"""Stage `refine`: multi-scale CAMs, PAR and a dense CRF make refined pseudo masks."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import MODEL, PARAMS, PREPARED, REFINED, Data, Model, Params


def refine(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    output: Annotated[Path, typer.Option(help="Folder for the refined masks.")] = REFINED,
) -> None:
    """Make refined pseudo masks from multi-scale CAMs, with PAR and a dense CRF."""
    from seco.config.settings import load_settings
    from seco.inference.predictor import load_predictor, scored_cam
    from seco.method.par import PAR
    from seco.refinement.labelling import label_image
    from seco.runtime.parallel import process_map
    from seco.runtime.progress import progress
    from seco.storage.manifest import read_manifest
    from seco.storage.masks import mask_path, write_mask

    settings = load_settings(params)
    manifest = read_manifest(data)
    records = [record for split in settings.refine.splits for record in manifest.split(split)]
    predictor = load_predictor(model, class_names=manifest.class_names)
    cams = predictor.cams(
        records,
        image_size=settings.export.image_size,
        scales=settings.refine.scales,
        batch_size=settings.export.batch_size,
    )
    par = PAR() if settings.refine.use_par else None
    scored = (scored_cam(cam, background=settings.export.background, par=par) for cam in cams)
    label = partial(label_image, crf=settings.crf_of(settings.refine.crf))
    with progress("refine", len(records)) as advance:
        for labelled in process_map(label, scored):
            write_mask(mask_path(output, labelled.id), labelled.mask)
            advance()
