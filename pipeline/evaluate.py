"""Stage `evaluate`: what CAMs, refined masks and predictions are worth, and what co-occurrence costs them."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import CAMS, PARAMS, PREDICTIONS, PREPARED, REFINED, REPORTS, SEEDS, Data, Params


def evaluate(
    params: Params = PARAMS,
    data: Data = PREPARED,
) -> None:
    """Write the metrics, tables and pictures."""
    from seco.config import load_settings
    from seco.storage.manifest import read_manifest
