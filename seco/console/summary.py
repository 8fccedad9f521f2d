"""The scores of a run on the console: after `evaluate`, and read back from metrics.json by `summary`."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from seco.console.output import open_console, print_sentence
from seco.console.score_table import score_table
from seco.errors import SecoError
from seco.reporting.intervals import INTERVAL, with_intervals
from seco.reporting.measurements import CLASSIFICATION
from seco.reporting.report import Report
from seco.scores.metrics import METRICS, MIOU
from seco.storage.json_file import NOTES, read_metrics

_CAPTION = "In brackets: 95 % intervals over images."


def show_headline(report: Report, *, console: Console | None = None) -> None:
    """Print the headline scores and the notes to the console (standard output when None)."""
    console = open_console(console)
    frame = summary_table(report.metrics)
    if not frame.empty:
        console.print(score_table(with_intervals(frame), console, title="Scores", caption=_CAPTION))
    for note in report.notes:
        print_sentence(console, note)


def show_summary(folder: Path, *, console: Console | None = None) -> None:
    """Print the headline scores of the reports in a folder, and the paths of the reports.

    Raises:
        SecoError: there are no reports, or metrics.json holds something else.
    """
    console = open_console(console)
    path = folder / "metrics.json"
    metrics = read_metrics(path, stage="evaluate")
    try:
        frame = summary_table(metrics)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SecoError(f"{path} does not hold the scores of a run: run `seco evaluate` again") from error
    if frame.empty:
        for note in metrics.get(NOTES, ()):
            print_sentence(console, note)
    else:
        console.print(score_table(with_intervals(frame), console, title="Scores", caption=_CAPTION))
    for place, content in (
        ("index.html", "how good, what is confused, which images, what next: open it in a browser"),
        ("report.md", "tables and pictures, for git and pull requests"),
        ("figures/", "CAMs, masks and predictions side by side"),
        ("metrics.json", "all scores, for scripts"),
    ):
        print_sentence(console, f"{folder / place}: {content}")


def summary_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each kind of masks, split and variant: the prominent metrics and the ends of their intervals.

    Args:
        metrics: the content of metrics.json; intervals and metrics that an older version did not know are NaN.
    """
    rows: list[dict[str, Any]] = []
    kinds = {key: value for key, value in metrics.items() if key not in (NOTES, CLASSIFICATION)}
    for (kind, split, *variant), means in _scores_of(kinds):
        means = {MIOU.name: means[MIOU.name], **means}
        scores = {
            # JSON has null for "not defined".
            metric.column_of(end): math.nan
            if (value := means.get(name + end)) is None
            else metric.factor * float(value)
            for name, metric in METRICS.items()
            if metric.prominent
            for end in INTERVAL
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
