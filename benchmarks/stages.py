"""How long the stages after training take in this project, and how much of the cores' time they use.

    python -m benchmarks.stages

`make demo`, or any other run of the pipeline, has to come first: the stages read its data, its model and its masks.
Their results go to a temporary folder.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import psutil
import typer

from benchmarks.records import write_record

EVERY = 0.25  # seconds between two looks at the processes, which take 10 ms each


class Used(NamedTuple):
    """What a command took, with all processes that it started."""

    seconds: float
    core_seconds: float
    """Of the processor."""
    peak: int
    """Bytes: the most that its processes held at one time; pages that they share count once for each."""


def main(record: Annotated[Path | None, typer.Option(help="JSON file for `benchmarks.compare`.")] = None) -> None:
    """Print a Markdown table with a row for each stage."""
    cores = os.cpu_count() or 1
    print(f"| stage | seconds | share of {cores} cores | peak memory |\n|---|--:|--:|--:|")
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for command, option in {
            "export-cams": "--cams",
            "refine": "--output",
            "predict": "--output",
            "evaluate": "--output",
        }.items():
            used = measured("seco", command, option, f"{scratch}/{command}")
            found[command] = [used.seconds]
            share = used.core_seconds / (used.seconds * cores)
            print(f"| {command} | {used.seconds:.1f} | {100 * share:.0f} % | {used.peak / 1e6:.0f} MB |", flush=True)
    if record is not None:
        write_record(record, found)


def measured(*command: str) -> Used:
    """Run a command and return what it used.

    Raises:
        BadParameter: it failed; its last line says why.
    """
    start, peak = time.perf_counter(), 0
    seconds: dict[int, float] = {}  # of each process; the system forgets those that nobody waits for
    with tempfile.TemporaryFile("w+") as errors:
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while running.poll() is None:
            held = 0
            for process in _tree(running.pid):
                try:
                    times, held = process.cpu_times(), held + process.memory_info().rss
                except psutil.Error:  # it has ended
                    continue
                seconds[process.pid] = times.user + times.system
            peak = max(peak, held)
            time.sleep(EVERY)
        if running.returncode:
            errors.seek(0)
            raise typer.BadParameter(errors.read().strip().rpartition("\n")[2])
    return Used(time.perf_counter() - start, sum(seconds.values()), peak)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


if __name__ == "__main__":
    typer.run(main)
