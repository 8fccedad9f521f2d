"""Show the progress of a stage: a bar on a terminal, a plain line every ten seconds elsewhere.

`rich` draws the bar. It has no plain lines, and its estimate forgets what is older than a fixed window, which suits
neither images (milliseconds) nor the runs of a study (half an hour): lines and estimate are this module's.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

_INTERVAL = 10.0  # seconds between two plain lines


class Progress:
    """Counts finished items and estimates the time left.

    Call it after each item (or after `increment` of them); `reach` sets the count, for callbacks of (done, total).
    The estimate starts at the first call, so that neither a warm-up nor the steps that a resumed run did earlier
    distort it.

    Args:
        title: name of the stage.
        total: number of items; None until it is known.
        show: called with this object after each change.
    """

    def __init__(self, title: str, total: int | None, show: Callable[["Progress"], None]) -> None:
        self.title, self.total, self.done, self.note = title, total, 0, ""
        self._show = show
        self._start: tuple[float, int] | None = None

    def __call__(self, increment: int = 1, note: str = "") -> None:
        """Count `increment` more items; the note is a few words on the last one, such as its loss."""
        self.done, self.note = self.done + increment, note
        if self._start is None:
            self._start = (time.monotonic(), self.done)
        self._show(self)

    def reach(self, done: int, total: int) -> None:
        """Set the count to `done` items of `total`."""
        self.total = total
        self(done - self.done)

    def begin(self, title: str) -> None:
        """Count another part of the work from zero."""
        self.title, self.total, self.done, self.note, self._start = title, None, 0, "", None

    def line(self) -> str:
        """Return "stage: 120/800  15%  0:00:34 left  note"."""
        if self.total is None:
            return f"{self.title}: {self.done}"
        parts = [f"{self.title}: {self.done}/{self.total}", f"{100 * self.done // max(self.total, 1):3d}%"]
        if self._start is not None and self._start[1] < self.done < self.total:
            since, first = self._start
            seconds = (time.monotonic() - since) / (self.done - first) * (self.total - self.done)
            parts.append(f"{timedelta(seconds=round(seconds))} left")
        return "  ".join([*parts, self.note]).rstrip()


@contextmanager
def progress(title: str, total: int | None = None, *, console: Console | None = None) -> Iterator[Progress]:
    """Yield a `Progress` and show it; a last plain line is printed when the block ends without an error.

    Args:
        title: name of the stage.
        total: number of items; None where `Progress.reach` sets it.
        console: where to show it; standard error when None.
    """
    console = console or Console(stderr=True)
    shown = time.monotonic()

    def print_line(counter: Progress) -> None:
        nonlocal shown
        if time.monotonic() - shown >= _INTERVAL:
            shown = time.monotonic()
            console.print(counter.line(), markup=False, highlight=False, soft_wrap=True)

    if not console.is_terminal:
        counter = Progress(title, total, print_line)
        yield counter
        shown -= _INTERVAL
        print_line(counter)
        return
    with RichProgress(BarColumn(bar_width=30), TextColumn("{task.description}", markup=False), console=console) as bars:
        task = bars.add_task("", total=None)
        yield Progress(
            title, total, lambda item: bars.update(task, completed=item.done, total=item.total, description=item.line())
        )
