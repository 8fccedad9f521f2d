"""How far a stage is: a bar on a terminal, a plain line every ten seconds anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

_PLAIN_INTERVAL = 10.0  # seconds between two lines
Show = Callable[["Progress", bool], None]


class Progress:
    """Counts what is done and estimates the time left.

    Calling it says that `increment` more items are done; `reach` sets the count, for callbacks of (done, total).
    The first call sets the base of the estimate, so that neither a warm-up nor the part that a resumed run finds
    done already distorts it.

    Attributes:
        title: name of the stage.
        done, total: items; the total is None until it is known.
        note: a few words on the last item, such as its loss.
    """

    def __init__(self, title: str, total: int | None, show: Show) -> None:
        self.title, self.total, self.done, self.note = title, total, 0, ""
        self._show = show
        self._base: tuple[float, int] | None = None

    def __call__(self, increment: int = 1, note: str = "") -> None:
        """Say that `increment` more items are done."""
        self._advance_to(self.done + increment, note)

    def reach(self, done: int, total: int) -> None:
        """Say that `done` items of `total` are done."""
        self.total = total
        self._advance_to(done, "")

    def begin(self, title: str) -> None:
        """Turn to another part of the work: count and estimate start anew."""
        self.title, self.total, self.done, self.note, self._base = title, None, 0, "", None

    def seconds_left(self) -> float | None:
        """Return the estimated time left, or None while nothing is known."""
        if self._base is None or self.total is None or self.done == self._base[1]:
            return None
        since, start = self._base
        return (time.monotonic() - since) / (self.done - start) * (self.total - self.done)

    def line(self) -> str:
        """Return "stage: 120/800  15%  0:34 left  note"."""
        if self.total is None:
            return f"{self.title}: {self.done}"
        parts = [f"{self.title}: {self.done}/{self.total}", f"{100 * self.done // max(self.total, 1):3d}%"]
        left = self.seconds_left()
        if left is not None and self.done < self.total:
            parts.append(f"{clock(left)} left")
        return "  ".join([*parts, self.note]).rstrip()

    def _advance_to(self, done: int, note: str) -> None:
        self.done, self.note = done, note
        if self._base is None:
            self._base = (time.monotonic(), done)
        self._show(self, False)


@contextmanager
def progress(title: str, total: int | None = None, *, console: Console | None = None) -> Iterator[Progress]:
    """Yield a callable that counts finished items and shows how far `title` is.

    Args:
        title: name of the stage.
        total: number of items; None when only `Progress.reach` will tell.
        console: where to show it; standard error when None.
    """
    console = console or Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as show:
            yield Progress(title, total, show)
        return
    show = _plain(console)
    counter = Progress(title, total, show)
    yield counter
    show(counter, True)


def clock(seconds: float) -> str:
    """Return a duration as "0:34" or "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _plain(console: Console) -> Show:
    last = time.monotonic()

    def show(counter: Progress, is_last: bool) -> None:
        nonlocal last
        now = time.monotonic()
        if is_last or now - last >= _PLAIN_INTERVAL:
            last = now
            console.print(counter.line(), markup=False, highlight=False, soft_wrap=True)

    return show


@contextmanager
def _bar(console: Console) -> Iterator[Show]:
    columns = (BarColumn(bar_width=30), TextColumn("{task.description}", markup=False))
    with RichProgress(*columns, console=console) as bars:
        task = bars.add_task("", total=None)

        def show(counter: Progress, _is_last: bool) -> None:
            bars.update(task, completed=counter.done, total=counter.total, description=counter.line())

        yield show
