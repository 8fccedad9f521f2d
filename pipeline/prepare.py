"""Stage `prepare`: check the data once and write the manifest that every later stage reads."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, PREPARED, Params


def prepare(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Folder for the manifest.")] = PREPARED,
) -> None:
    """Check every image, label and mask, and write the manifest."""
    from seco.classes import class_names
    from seco.config import load_settings
    from seco.datasets.summary import summarise
    from seco.datasets.voc import read_voc
    from seco.reporting.progress import progress
    from seco.storage.manifest import Manifest, write_manifest

    settings = load_settings(params)
    names = class_names(settings.dataset.classes)
    with progress("prepare") as advance:
        checked = read_voc(
            Path(settings.dataset.root),
            lists=settings.dataset.lists,
            class_names=names,
            progress=advance.reach,
        )
    manifest = Manifest(tuple(item.record for item in checked), names)
    write_manifest(output, manifest, summary=summarise(checked, class_names=names))
