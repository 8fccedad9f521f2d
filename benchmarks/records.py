"""Timings of a benchmark as a JSON file: what `benchmarks.compare` reads."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import typer

from benchmarks.measuring import device_name
from seco.compute.device import pick_device
from seco.storage.json_file import write_json


class Timings(NamedTuple):
    """What a benchmark measured on a machine."""

    machine: str
    seconds: dict[str, list[float]]
    """By what was timed, each time that it was."""


def write_record(path: Path, seconds: Mapping[str, Sequence[float]]) -> None:
    """Write timings, with the names of the machine and of torch's version.

    Raises:
        SecoError: the file cannot be written.
    """
    machine = f"{device_name(pick_device())}, torch {torch.__version__}"
    write_json(path, Timings(machine, {name: [*values] for name, values in seconds.items()})._asdict())


def read_record(path: Path) -> Timings:
    """Return what `write_record` wrote.

    Raises:
        typer.BadParameter: the file is missing or holds no timings.
    """
    try:
        found = Timings(**json.loads(path.read_text(encoding="utf-8")))
        if not all(values and all(value > 0 for value in values) for values in found.seconds.values()):
            raise ValueError("a time is not positive, or there is none")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise typer.BadParameter(f"{path} holds no timings of a benchmark ({error})") from error
    return found
