"""`seco download`: install a public data set from its official archives. No stage of the pipeline."""

from pathlib import Path
from typing import Annotated

import typer


def download(
    name: Annotated[str, typer.Argument(help="The data set: voc2012, sbd or coco2014.")],
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
    """Download, verify and unpack a public data set; continue an interrupted download."""
    from seco.download.catalogue import TABLE, find_data_set
    from seco.download.install import install

    data_set = find_data_set(name, archives or TABLE)
    place = root or Path(data_set.root)
    install(data_set, place, keep=keep, notify=lambda sentence: typer.echo(f"{sentence}.", err=True))
    typer.echo(f"{data_set.about}: {place}")
