"""Stage `evaluate`: what seeds, refined masks and segmentations are worth, and what co-occurrence costs them."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import CAMS, PARAMS, PREDICTIONS, PREPARED, REFINED, REPORTS, SEEDS, Data, Params


def evaluate(
    params: Params = PARAMS,
    data: Data = PREPARED,
    cams: Annotated[Path, typer.Option(help="Folder of the CAM store, for the pictures.")] = CAMS,
    seeds: Annotated[Path, typer.Option(help="Folder of the seed masks.")] = SEEDS,
    refined: Annotated[Path, typer.Option(help="Folder of the refined masks.")] = REFINED,
    predictions: Annotated[Path, typer.Option(help="Folder of the segmentations.")] = PREDICTIONS,
    output: Annotated[Path, typer.Option(help="Folder for the reports.")] = REPORTS,
) -> None:
    """Compare all masks with the true masks; write metrics, tables and pictures."""
    from seco.config.settings import load_settings
    from seco.reporting.report import measure, show_headline, write_report
    from seco.reporting.sources import list_sources
    from seco.storage.manifest import read_manifest

    settings = load_settings(params)
    manifest = read_manifest(data)
    sources = list_sources(
        seeds=seeds,
        refined=refined,
        predictions=predictions,
        seed_splits=manifest.splits,
        refined_splits=settings.refine.splits,
        predicted_splits=settings.predict.splits,
    )
    measured = measure(manifest, sources, contexts_file=Path(settings.prepare.root) / "contexts.csv")
    report = write_report(
        manifest,
        measured,
        cams=cams,
        folder=output,
        pictures=settings.evaluate.pictures,
        pairs=settings.evaluate.pairs,
    )
    show_headline(report)
