"""Steps of a long measurement: each a program with a time limit, whose result is written as soon as it has ended."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.measuring import device_name
from seco.compute.device import pick_device
from seco.storage.atomic import atomic_write_text
from seco.storage.json_file import write_json
from tests.imports import ROOT

GRACE = 90.0
"""Seconds that a step has to end after it was interrupted: a study stops its runs, which save their step."""
TAIL = 5  # lines of what a failed step printed


class Step(NamedTuple):
    """A program and what to read when it has ended."""

    name: str
    words: Sequence[str]
    """Words of the command."""
    minutes: float
    """After which it is stopped."""
    folder: Path = ROOT
    """Where it runs."""
    find: Callable[[float], Mapping[str, float]] = lambda _seconds: {}
    """Numbers from the files that it wrote and the seconds that it took."""


class Result(NamedTuple):
    """How a step ended. Only a step that is done has numbers."""

    name: str
    command: str
    status: str
    """done | failed | out of time | not begun"""
    seconds: float
    numbers: Mapping[str, float]
    printed: list[str]
    """The last lines, of a step that is not done."""


def python(*words: str) -> list[str]:
    """Return the command of a Python module in this environment."""
    return [sys.executable, "-m", *words]


def run_steps(steps: Sequence[Step], output: Path, *, minutes: float) -> list[Result]:
    """Run one step after the other, and write ``results.json`` and ``results.md`` after each.

    Args:
        steps: in their order; one that fails does not keep the others from running.
        output: folder for results and logs.
        minutes: for all of them together; what has not begun by then is left out, and said to be.
    """
    output.mkdir(parents=True, exist_ok=True)
    machine, results, end = describe_machine(), list[Result](), time.monotonic() + 60 * minutes
    for number, step in enumerate(steps):
        left = end - time.monotonic()
        log = output / f"{number:02}-{step.name.replace(' ', '-')}.log"
        result = run_step(step, log, limit=min(60 * step.minutes, left)) if left > 0 else _ended(step, "not begun")
        results.append(result)
        print(f"{result.name}: {result.status}, {result.seconds:.0f} s {dict(result.numbers) or ''}", flush=True)
        write_json(output / "results.json", {"machine": machine, "steps": [each._asdict() for each in results]})
        atomic_write_text(output / "results.md", page(machine, results))
    return results


def run_step(step: Step, log: Path, *, limit: float) -> Result:
    """Run a step for at most ``limit`` seconds; what it prints goes to its log."""
    environment = os.environ | {"PYTHONPATH": os.curdir}  # the code of the folder where it runs
    start = time.monotonic()
    try:
        with log.open("wb") as file:
            process = subprocess.Popen(
                step.words, cwd=step.folder, env=environment, stdout=file, stderr=file, start_new_session=True
            )
        in_time = _waited(process, limit)
        seconds = time.monotonic() - start
        if in_time and process.returncode == 0:
            return _ended(step, "done", seconds, numbers=step.find(seconds))
        status = "failed" if in_time else "out of time"
        printed = log.read_text(errors="replace").splitlines()[-TAIL:]
        return _ended(step, status, seconds, printed=printed)
    except Exception as error:  # a missing program, folder or file: the steps after it still run
        return _ended(step, "failed", time.monotonic() - start, printed=[f"{type(error).__name__}: {error}"])


def describe_machine() -> dict[str, str]:
    """Return hardware, driver, versions, commit and date."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return {
        "device": device_name(pick_device()),
        "driver": _printed(query) if shutil.which(query[0]) else "none",
        "cores": str(os.cpu_count()),
        "torch": torch.__version__,
        "CUDA": torch.version.cuda or "none",
        "Python": platform.python_version(),
        "commit": _printed(["git", "describe", "--always", "--dirty", "--abbrev=12"]) or "unknown",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def page(machine: Mapping[str, str], results: Sequence[Result]) -> str:
    """Return the results as Markdown."""
    rows = [
        f"| {each.name} | {each.status} | {each.seconds:.0f} | "
        f"{', '.join(f'{name} {value:.4g}' for name, value in each.numbers.items())} |"
        for each in results
    ]
    faults = [
        "\n".join([f"{each.name}, {each.status}:\n", "```", *each.printed, "```"]) for each in results if each.printed
    ]
    commands = [f"- {each.name}: `{each.command}`" for each in results]
    head = "; ".join(f"{name} {value}" for name, value in machine.items())
    table = ["| step | | s | found |", "|---|---|--:|---|", *rows]
    return "\n".join([head, "", *table, "", *commands, "", *faults]) + "\n"


def _ended(
    step: Step, status: str, seconds: float = 0.0, *, numbers: Mapping[str, float] = {}, printed: Sequence[str] = ()
) -> Result:
    command = " ".join(step.words).replace(sys.executable, "python")
    return Result(step.name, command, status, round(seconds, 1), numbers, [*printed])


def _waited(process: subprocess.Popen[bytes], limit: float) -> bool:
    """Return whether a process ended by itself in time; otherwise it is interrupted, then killed."""
    try:
        process.wait(limit)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:  # also where this program was interrupted
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _printed(words: Sequence[str]) -> str:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return ", ".join(done.stdout.splitlines())
