"""Stage `evaluate`: scores of seeds, refined masks and segmentations, and the cost of co-occurrence."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import (
    CAMS,
    MODEL,
    PARAMS,
    PREDICTIONS,
    PREPARED,
    RECIPES,
    REFINED,
    REPORTS,
    SEEDS,
    Data,
    Model,
    Params,
)

if TYPE_CHECKING:
    from seco.reporting.run_facts import RunFacts
    from seco.storage.manifest import Manifest

STAGES = ("prepare", "train", "export", "refine", "predict")


def evaluate(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    cams: Annotated[Path, typer.Option(help="Folder of the CAM store, for the pictures.")] = CAMS,
    seeds: Annotated[Path, typer.Option(help="Folder of the seed masks.")] = SEEDS,
    refined: Annotated[Path, typer.Option(help="Folder of the refined masks.")] = REFINED,
    predictions: Annotated[Path, typer.Option(help="Folder of the segmentations.")] = PREDICTIONS,
    curves: Annotated[Path, typer.Option(help="Folder of the learning curves.")] = REPORTS / "train",
    output: Annotated[Path, typer.Option(help="Folder for the reports.")] = REPORTS,
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Score the masks that are there; else none may be missing.", show_default="no"),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print metrics.json instead of a table.", show_default="no")
    ] = False,
) -> None:
    """Compare all masks with the true masks; write tables, pictures and index.html."""
    from seco.config.settings import load_settings
    from seco.console.summary import show_headline
    from seco.reporting.index_page import PAGE, index_page
    from seco.reporting.label_scores import measure_labels
    from seco.reporting.measurements import list_sources, measure
    from seco.reporting.report import make_report, write_report
    from seco.scores.counts_file import COUNTS_FILE, write_counts
    from seco.storage.atomic import atomic_write_text, take_over
    from seco.storage.contexts import CONTEXTS_FILE, read_contexts
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
        partly=partial,
    )
    fingerprint, contexts = data_fingerprint(data), read_contexts(data / CONTEXTS_FILE)
    run = _facts_of_run(params, fingerprint, manifest)
    take_over(output)
    measurements = measure(manifest, sources, contexts=contexts, data=fingerprint, partly=partial)
    labels = measure_labels(manifest, cams=cams, partly=partial)
    known = {"together": read_pairs(data, class_names=manifest.class_names), "contexts": contexts}
    shown = {"cams": cams, "pictures": settings.evaluate.pictures, "pairs": settings.evaluate.pairs}
    report = make_report(manifest, measurements, labels=labels, pairs=settings.evaluate.pairs, **known)
    # Whatever can be damaged is read before the first file is written: an old report stays whole.
    page = index_page(manifest, measurements, report, run=run, data=data, model=model, curves=curves, **known, **shown)
    write_report(report, manifest, measurements, folder=output, **shown)
    atomic_write_text(output / PAGE, page)
    counts = {item.counts_key: item.evaluation.by_image for item in measurements}
    write_counts(output / COUNTS_FILE, counts, data=fingerprint, class_names=manifest.class_names)
    if as_json:
        typer.echo(json.dumps(report.metrics, indent=2, allow_nan=False))
    else:
        show_headline(report)


def _facts_of_run(params: Path, fingerprint: str, manifest: "Manifest") -> "RunFacts":
    """Return what the page says about settings, code, data and machine."""
    from seco.config.recipes import origin
    from seco.reporting.run_facts import RunFacts, commit_of
    from seco.storage.stage_records import STAGE_RECORDS, read_stage_records

    recipe, changes = origin(params, RECIPES) or (None, [])
    return RunFacts(
        recipe=recipe,
        changes=tuple(changes),
        commit=commit_of(Path.cwd()),
        data=fingerprint,
        images={split: len(manifest.split(split)) for split in manifest.splits},
        stages=read_stage_records(STAGE_RECORDS, STAGES),
    )
