"""Stage `refine`: multi-scale CAMs, PAR and a dense CRF make refined pseudo masks."""

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
    """Write the refined pseudo mask of every image of `refine.splits`."""
    from seco.config import load_settings
    from seco.inference import load_predictor
    from seco.refinement.pseudo_masks import PseudoMasks
    from seco.reporting.progress import progress
    from seco.storage.manifest import read_manifest

    settings = load_settings(params)
    manifest = read_manifest(data)
    records = [record for split in settings.refine.splits for record in manifest.split(split)]
    predictor = load_predictor(model, class_names=manifest.class_names)
