"""Table of interrupted runs for `seco resume list`."""

import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Column

from seco.console.output import open_console, text_table
from seco.training.runs import SavedRun

_PLAIN_WIDTH = 250  # columns, more than any row has
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))  # seconds


def show_runs(runs: Sequence[SavedRun], *, now: float, console: Console | None = None) -> None:
    """Print a row for each run: name, steps done, time of the last checkpoint, size, settings, running process.

    Args:
        runs: the runs.
        now: the time, in seconds since 1970.
        console: where to print; standard output when None. Rows are not wrapped unless it is a terminal.
    """
    columns = [
        *(Column(heading, no_wrap=True) for heading in ("name", "step")),
        Column("saved"),
        Column("size", no_wrap=True, justify="right"),
        *(Column(heading, overflow="fold") for heading in ("settings", "running")),
    ]
    rows = []
    for run in runs:
        step = f"{run.step or 0}/{run.note.get('steps', '?')}"
        rows.append((run.name, step, _saved(run, now), decimal(run.size), _settings(run), run.owner or ""))
    open_console(console, log_width=_PLAIN_WIDTH).print(text_table(columns, rows, box=box.SIMPLE))


def _saved(run: SavedRun, now: float) -> str:
    """Return "2026-03-01 14:05, 3 min ago" in local time."""
    if run.saved is None:
        return "not yet"
    age = now - run.saved
    ago = next((f"{age // seconds:.0f} {unit} ago" for seconds, unit in _AGES if age >= seconds), "just now")
    return f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(run.saved))}, {ago}"


def _settings(run: SavedRun) -> str:
    labels = {"backbone": "", "dataset": "", "patch_size": "patch ", "batch_size": "batch "}
    return ", ".join(f"{label}{run.note[key]}" for key, label in labels.items() if key in run.note) or "unknown"
