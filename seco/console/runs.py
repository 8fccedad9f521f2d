"""The interrupted runs side by side."""

import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from seco.training.runs import SavedRun

_PLAIN_WIDTH = 250  # columns, more than any row has
_UNITS = ("B", "kB", "MB", "GB", "TB")
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))  # seconds


def show_runs(runs: Sequence[SavedRun], *, now: float, console: Console | None = None) -> None:
    """Print a row for each run: name, steps done, when it was saved, size, what it trains, who is training it.

    Args:
        runs: the runs.
        now: the time, in seconds since 1970.
        console: where to print; standard output when None. No row is broken where that is no terminal.
    """
    console = console or Console()
    table = Table(box=box.SIMPLE)
    for heading in ("name", "step", "saved", "size"):
        table.add_column(heading, no_wrap=heading != "saved", justify="right" if heading == "size" else "left")
    for heading in ("what", "under way"):
        table.add_column(heading, overflow="fold")
    for run in runs:
        table.add_row(run.name, _progress(run), _saved(run, now), human_size(run.size), _what(run), run.owner or "")
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    console.print(table)


def human_size(size: int) -> str:
    """Return a number of bytes as "1.7 GB"."""
    amount, unit = float(size), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit and amount < 99.95 else f"{amount:.0f} {_UNITS[unit]}"


def _progress(run: SavedRun) -> str:
    return f"{run.step or 0}/{run.note.get('steps', '?')}"


def _saved(run: SavedRun, now: float) -> str:
    """Return "2026-03-01 14:05, 3 min ago" in local time."""
    if run.saved is None:
        return "not yet"
    age = now - run.saved
    for seconds, unit in _AGES:
        if age >= seconds:
            ago = f"{age // seconds:.0f} {unit} ago"
            break
    else:
        ago = "just now"
    return f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(run.saved))}, {ago}"


def _what(run: SavedRun) -> str:
    words = {"backbone": "", "dataset": "", "patch_size": "patch ", "batch_size": "batch "}
    return ", ".join(f"{word}{run.note[key]}" for key, word in words.items() if key in run.note) or "unknown"
