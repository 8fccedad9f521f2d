"""Seconds and peak memory of a training step with every loss on: ours beside the plain one.

`python -m benchmarks.training` prints a Markdown table. Weights are random, images synthetic, loading is left out, and
every cell comes from a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.measuring import OURS, PLAIN, Measurement, device_name
from benchmarks.sizes import SIZES
from seco.device import pick_device
from seco.storage.atomic import atomic_write_text

VARIANTS = [*PLAIN, *OURS]


def main(
    sizes: Annotated[str, typer.Option(help=f"Which, by commas: {', '.join(SIZES)}.")] = ",".join(SIZES),
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after one to warm up.")] = 3,
    output: Annotated[Path | None, typer.Option(help="File for the table too.")] = None,
) -> None:
    """Measure and print the table."""
    names = sizes.split(",")
    unknown = [name for name in names if name not in SIZES]
    if unknown:
        raise typer.BadParameter(f"unknown size {unknown[0]!r}: choose among {', '.join(SIZES)}")
    rows = {name: {variant: _measured(name, variant, steps) for variant in VARIANTS} for name in names}
    text = "\n".join(_table(rows, steps)) + "\n"
    print(text, end="")
    if output is not None:
        atomic_write_text(output, text)


def _measured(size: str, variant: str, steps: int) -> Measurement:
    command = [sys.executable, "-m", "benchmarks.measuring", size, variant, "--steps", str(steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def _table(rows: dict[str, dict[str, Measurement]], steps: int) -> list[str]:
    """Return the lines of a page: where it was measured, and a row a size."""
    heads = ["ViT, crop, batch", *VARIANTS, "plain / ours", "published, another machine"]
    lines = [
        f"A training step on {device_name(pick_device())}, torch {torch.__version__}: median of {steps} after one to "
        "warm up, and peak memory.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'|'.join('---' for _ in heads)}|",
    ]
    for name, row in rows.items():
        cells = [SIZES[name].label, *(f"{cell.seconds:.2f} s, {cell.gigabytes:.1f} GB" for cell in row.values())]
        ratio = row["plain"].seconds / row["ours"].seconds
        lines.append(f"| {' | '.join([*cells, f'{ratio:.1f}×', SIZES[name].published or '–'])} |")
    return lines


if __name__ == "__main__":
    typer.run(main)
