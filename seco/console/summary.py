"""The scores of a run on the console: after `evaluate`, and read back from metrics.json by `summary`."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from seco.errors import SecoError
from seco.reporting.report import Report
from seco.reporting.tables import to_terminal
from seco.scores.metrics import METRICS
from seco.storage.json_file import NOTES, read_metrics

_LOG_WIDTH = 110  # columns, where no terminal sets them


def show_headline(report: Report, *, console: Console | None = None) -> None:
    """Print the headline table and the notes to the console (standard output when None)."""
    console = console or Console()
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    if not report.headline.empty:
        console.print(to_terminal(report.headline, title="Scores"))
    for note in report.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def show_summary(folder: Path, *, console: Console | None = None) -> None:
    """Print the headline scores of the reports in a folder, and the paths of the reports.

    Raises:
        SecoError: there are no reports, or metrics.json holds something else.
    """
    console = console or Console()
    path = folder / "metrics.json"
    metrics = read_metrics(path, stage="evaluate")
    try:
        frame = summary_table(metrics)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SecoError(f"{path} does not hold the scores of a run: run `seco evaluate` again") from error
    if frame.empty:
        for note in metrics.get(NOTES, ()):
            console.print(note, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(to_terminal(frame, title="Scores"))
    for place, content in (
        ("report.md", "tables and pictures"),
        ("figures/", "CAMs, masks and predictions side by side"),
        ("metrics.json", "the numbers, for `dvc metrics diff`"),
    ):
        console.print(f"{folder / place}: {content}", markup=False, highlight=False)


def summary_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each kind of masks, split and variant, with the prominent metrics."""
    rows: list[dict[str, Any]] = []
    for (kind, split, *variant), means in _scores_of({key: value for key, value in metrics.items() if key != NOTES}):
        scores = {
            # JSON has null for "not defined".
            metric.column: math.nan if means[name] is None else metric.factor * float(means[name])
            for name, metric in METRICS.items()
            if metric.prominent
        }
        rows.append({"masks": " ".join([kind, *variant]).replace("_", " "), "split": split, **scores})
    return pd.DataFrame(rows)


def _scores_of(metrics: Mapping[str, Any], *keys: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield (kind, split) or (kind, split, variant) and the means there."""
    for key, value in metrics.items():
        if any(isinstance(inner, Mapping) for inner in value.values()):
            yield from _scores_of(value, *keys, key)
        else:
            yield (*keys, key), value
