"""`seco summary`: the scores of the last run."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import REPORTS


def summary(reports: Annotated[Path, typer.Option(help="Folder that `seco evaluate` wrote.")] = REPORTS) -> None:
    """Print the scores of the last run and the paths of its reports."""
    from seco.console.summary import show_summary

    show_summary(reports)
