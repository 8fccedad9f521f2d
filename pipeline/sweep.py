"""The command `sweep`: which threshold `export.background` suits the CAMs, with true masks or without."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.export import Cams
from pipeline.options import CAMS, PARAMS, PREDICTIONS, PREPARED, REPORTS, Data, Params


def sweep(
    params: Params = PARAMS,
    data: Data = PREPARED,
    cams: Cams = CAMS,
    predictions: Annotated[
        Path, typer.Option(help="Folder of the segmentations, for a split without masks.")
    ] = PREDICTIONS,
    split: Annotated[
        str | None,
        typer.Option(help="Split whose images are compared.", show_default="a held-out one, if possible with masks"),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table of the thresholds; a picture goes beside it.")] = REPORTS
    / "thresholds.csv",
) -> None:
    """Choose the threshold of the CAMs, by true masks or by the network's segmentations."""
    from seco.config.settings import load_settings
    from seco.console.output import open_console, print_sentence
    from seco.errors import SecoError
    from seco.reporting.tables import write_frame
    from seco.reporting.thresholds import choice_in_words, references_of, sweep_thresholds, threshold_figure
    from seco.runtime.progress import progress
    from seco.storage.atomic import atomic_write_bytes, require_writable
    from seco.storage.manifest import read_manifest

    if out.suffix.lower() != ".csv":
        raise SecoError(f"--out {out} is no CSV file: give it a name that ends in .csv")
    settings = load_settings(params)
    manifest = read_manifest(data)
    references = references_of(manifest, split, predictions=predictions, predicted_splits=settings.predict.splits)
    require_writable(out.parent)
    current = settings.export.background
    with progress("sweep", len(references.masks)) as advance:
        frame = sweep_thresholds(
            references.masks, cams=cams, class_names=manifest.class_names, current=current, progress=advance.reach
        )
    sentence = choice_in_words(frame, references, current=current)
    picture = threshold_figure(frame, references, current=current)
    write_frame(out, frame)
    atomic_write_bytes(out.with_suffix(".png"), picture)
    print_sentence(open_console(None), sentence)
