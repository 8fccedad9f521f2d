"""`seco download`: the official archives of a public data set, checked and unpacked. No stage of the pipeline."""

from pathlib import Path
from typing import Annotated

import typer


def download(
    name: Annotated[str, typer.Argument(help="voc2012, sbd or coco2014.")],
    root: Annotated[
        Path | None, typer.Option(help="Folder to put it into.", show_default="data/raw/NAME; for sbd data/raw/voc2012")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the archives, in ROOT/.download.", show_default="no")
    ] = False,
    archives: Annotated[
        Path | None, typer.Option(help="Table of archives, for a mirror.", show_default="seco/download/archives.yaml")
    ] = None,
) -> None:
    """Download a public data set, check it and unpack it. A download that was stopped goes on where it was."""
    from seco.download.catalogue import TABLE, find_data_set
    from seco.download.obtain import obtain
    from seco.runtime.progress import progress

    data_set = find_data_set(name, archives or TABLE)
    place = root or Path(data_set.root)
    obtain(data_set, place, keep=keep, show=progress, notify=lambda words: typer.echo(f"{words}.", err=True))
    typer.echo(f"{data_set.about}: {place}")
