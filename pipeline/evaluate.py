"""Stage `evaluate`: scores of seeds, refined masks and segmentations, and the cost of co-occurrence."""

import json
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
    partial: Annotated[
        bool, typer.Option("--partial", help="Score the masks that are there; by default none may be missing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print metrics.json instead of a table.")] = False,
) -> None:
    """Compare all masks with the true masks; write metrics, tables and pictures."""
    from seco.config.settings import load_settings
    from seco.console.summary import show_headline
    from seco.reporting.label_scores import measure_labels
    from seco.reporting.measurements import list_sources, measure
    from seco.reporting.report import write_report
    from seco.scores.counts_file import COUNTS_FILE, write_counts
    from seco.storage.atomic import take_over
    from seco.storage.contexts import CONTEXTS_FILE
    from seco.storage.fingerprint import data_fingerprint
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
    fingerprint = data_fingerprint(data)
    measurements = measure(manifest, sources, contexts_file=data / CONTEXTS_FILE, data=fingerprint, partly=partial)
    report = write_report(
        manifest,
        measurements,
        together=read_pairs(data, class_names=manifest.class_names),
        labels=measure_labels(manifest, cams=cams, partly=partial),
        cams=cams,
        folder=output,
        pictures=settings.evaluate.pictures,
        pairs=settings.evaluate.pairs,
    )
    counts = {item.counts_key: item.evaluation.by_image for item in measurements}
    write_counts(output / COUNTS_FILE, counts, data=fingerprint, class_names=manifest.class_names)
    if as_json:
        typer.echo(json.dumps(report.metrics, indent=2, allow_nan=False))
    else:
        show_headline(report)
