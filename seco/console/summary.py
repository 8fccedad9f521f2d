"""The headline of a finished run, read back from metrics.json."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from seco.errors import SecoError
from seco.reporting.tables import to_terminal
from seco.storage.json_file import read_metrics


def show_summary(folder: Path, *, console: Console | None = None) -> None:
    """Print the headline scores of the reports in a folder, and where everything lies.

    Raises:
        SecoError: there are no reports, or metrics.json holds something else.
    """
    console = console or Console()
    path = folder / "metrics.json"
    try:
        metrics = read_metrics(path, stage="evaluate")
        frame = summary_table(metrics)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SecoError(f"{path} does not hold the scores of a run: run `seco evaluate` again") from error
    if frame.empty:
        for note in metrics.get("notes", ()):
            console.print(note, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(to_terminal(frame, title="Scores"))
    for place, content in (
        ("report.md", "tables and pictures"),
        ("figures/", "CAMs, masks and predictions side by side"),
        ("metrics.json", "the numbers, for `dvc metrics diff`"),
    ):
        console.print(f"{folder / place}: {content}", markup=False, highlight=False)


def summary_table(metrics: dict[str, Any]) -> pd.DataFrame:
    """Return a row for each kind of masks and split: mIoU in percent and the mean confusion ratio."""
    rows: list[dict[str, Any]] = []
    for kind, splits in metrics.items():
        if kind == "notes":
            continue
        for split, found in splits.items():
            variants = {"": found} if "miou" in found else found
            for variant, scores in variants.items():
                rows.append(
                    {
                        "masks": f"{kind} {variant}".replace("_", " ").strip(),
                        "split": split,
                        "miou_percent": 100 * _number(scores["miou"]),
                        "confusion_ratio": _number(scores["confusion_ratio"]),
                    }
                )
    return pd.DataFrame(rows)


def _number(value: float | None) -> float:
    """Return a metric as it was before JSON, which has no word for "not defined"."""
    return math.nan if value is None else float(value)
