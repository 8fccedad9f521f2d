"""Says what got slower: `python -m benchmarks.compare BEFORE.json AFTER.json` of two benchmarks on one machine.

A ratio of medians has a 95 % interval from a bootstrap over the times. Something got slower if the whole interval lies
above the tolerance; the exit status is 1 then.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from benchmarks.records import read_record

RESAMPLES = 10_000
LEAST = 5
"""Times from which an interval means something."""


class Change(NamedTuple):
    """How a time changed."""

    ratio: float
    """Median after by median before."""
    low: float
    high: float
    """The 95 % interval."""


def main(
    before: Annotated[Path, typer.Argument(help="Timings before a change.")],
    after: Annotated[Path, typer.Argument(help="Timings after it.")],
    tolerance: Annotated[float, typer.Option(min=1.0, help="The ratio that is no change yet.")] = 1.03,
) -> None:
    """Print a table of the ratios, and end with status 1 if something got slower."""
    old, new = read_record(before), read_record(after)
    if old.machine != new.machine:
        raise typer.BadParameter(f"the files are of two machines, {old.machine} and {new.machine}: run both on one")
    shared = [name for name in old.seconds if name in new.seconds]
    if not shared:
        raise typer.BadParameter(f"{before} and {after} have timed nothing in common")
    print(f"{old.machine}\n\n| | before, s | after, s | after / before | 95 % interval | |\n|---|--:|--:|--:|--:|---|")
    slower = 0
    for name in shared:
        times, other = old.seconds[name], new.seconds[name]
        change = compared(times, other)
        verdict = verdict_of(change, tolerance, count=min(len(times), len(other)))
        slower += verdict == "slower"
        medians = f"{np.median(times):.4g} | {np.median(other):.4g}"
        print(f"| {name} | {medians} | {change.ratio:.2f} | {change.low:.2f}–{change.high:.2f} | {verdict} |")
    for name in old.seconds.keys() ^ new.seconds.keys():
        print(f"\n{name} is in one file only.")
    if slower:
        raise typer.Exit(1)


def compared(before: Sequence[float], after: Sequence[float]) -> Change:
    """Return the ratio of two medians with its interval."""
    generator = np.random.default_rng(0)
    medians = [
        np.median(generator.choice(np.asarray(times), (RESAMPLES, len(times))), axis=1) for times in (before, after)
    ]
    low, high = np.percentile(medians[1] / medians[0], [2.5, 97.5])
    return Change(float(np.median(after) / np.median(before)), float(low), float(high))


def verdict_of(change: Change, tolerance: float, *, count: int) -> str:
    """Return "slower", "faster", "" where neither is beyond noise, or that there are too few times to say."""
    if count < LEAST:
        return f"fewer than {LEAST} times"
    return "slower" if change.low > tolerance else "faster" if change.high < 1 / tolerance else ""


if __name__ == "__main__":
    typer.run(main)
