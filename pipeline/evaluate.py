"""Stage `evaluate`: scores of seeds, refined masks and segmentations, and the cost of co-occurrence."""

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
    from seco.console.summary import show_headline
    from seco.reporting.measurements import list_sources, measure
    from seco.reporting.report import write_report
    from seco.storage.atomic import take_over
    from seco.storage.contexts import CONTEXTS_FILE, read_contexts
    from seco.storage.manifest import read_manifest
    from seco.storage.pairs import read_pairs

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
    take_over(output)
    measurements = measure(manifest, sources, contexts_file=data / CONTEXTS_FILE)
    report = write_report(
        manifest,
        measurements,
        together=read_pairs(data, class_names=manifest.class_names),
        contexts=read_contexts(data / CONTEXTS_FILE),
        cams=cams,
        folder=output,
        pictures=settings.evaluate.pictures,
        pairs=settings.evaluate.pairs,
    )
    show_headline(report)
