"""The command `sweep`: which threshold `export.background` suits the CAMs, with true masks or without."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.export import Cams
from pipeline.options import CAMS, PARAMS, PREPARED, REPORTS, Data, Params


def sweep(
    params: Params = PARAMS,
    data: Data = PREPARED,
    cams: Cams = CAMS,
    split: Annotated[
        str | None,
        typer.Option(
            help="Split whose images are compared.",
            show_default="the first with masks, held-out ones before train; else the first",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table of the thresholds; a picture goes beside it.")] = REPORTS
    / "thresholds.csv",
) -> None:
    """Choose the threshold of the CAMs, by masks or by photographs."""
    from seco.config.settings import load_settings
    from seco.console.output import open_console, print_sentence
    from seco.errors import SecoError
    from seco.reporting.tables import write_frame
    from seco.reporting.thresholds import (
        choice_in_words,
        split_to_sweep,
        sweep_with_masks,
        sweep_without_masks,
        threshold_figure,
    )
    from seco.runtime.progress import progress
    from seco.storage.atomic import atomic_write_bytes, require_writable
    from seco.storage.manifest import read_manifest

    if out.suffix.lower() != ".csv":
        raise SecoError(f"--out {out} is no CSV file: give it a name that ends in .csv")
    settings = load_settings(params)
    manifest = read_manifest(data)
    split = split or split_to_sweep(manifest)
    records = manifest.split(split)
    require_writable(out.parent)
    known = [record for record in records if record.mask is not None]
    measure = sweep_with_masks if known else sweep_without_masks
    current = settings.export.background
    with progress("sweep", len(known or records)) as advance:
        frame = measure(
            known or records, cams=cams, class_names=manifest.class_names, current=current, progress=advance.reach
        )
    sentence = choice_in_words(frame, split=split, current=current)
    picture = threshold_figure(frame, split=split, current=current)
    write_frame(out, frame)
    atomic_write_bytes(out.with_suffix(".png"), picture)
    print_sentence(open_console(None), sentence)
