"""Time and peak memory of a training step with every loss on: our step and the plain one of `tests.plain`.

`python -m benchmarks.training` prints a Markdown table. Weights are random, images synthetic, and loading is left out.
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
from seco.compute.device import pick_device
from seco.storage.atomic import atomic_write_text

BESIDE = [*PLAIN, "ours"]


def main(
    sizes: Annotated[str, typer.Option(help=f"Sizes, with commas: {', '.join(SIZES)}.")] = ",".join(SIZES),
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after one to warm up.")] = 3,
    options: Annotated[bool, typer.Option("--options", help="Our step in fp32, checkpointed, compiled too.")] = False,
    output: Annotated[Path | None, typer.Option(help="File to write the tables to as well.")] = None,
) -> None:
    """Measure training steps and print the tables."""
    names = sizes.split(",")
    unknown = [name for name in names if name not in SIZES]
    if unknown:
        raise typer.BadParameter(f"unknown size {unknown[0]!r}: choose among {', '.join(SIZES)}")
    variants = [*PLAIN, *OURS] if options else BESIDE
    cells = {(name, variant): _measured(name, variant, steps) for name in names for variant in variants}
    lines = [
        f"A training step on {device_name(pick_device())}, torch {torch.__version__}: median of {steps} after one to "
        "warm up, peak memory, and the share of matrix products (attention and convolutions among them).",
        "",
        *_table(names, cells),
        *(["", *_options_table(names, cells)] if options else []),
    ]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if output is not None:
        atomic_write_text(output, text)


def _measured(size: str, variant: str, steps: int) -> Measurement:
    command = [sys.executable, "-m", "benchmarks.measuring", size, variant, "--steps", str(steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def _table(names: list[str], cells: dict[tuple[str, str], Measurement]) -> list[str]:
    """Return a row a size: the plain step, the plain step with fused attention and bf16, ours, the published one."""
    rows = []
    for name in names:
        ratio = cells[name, "plain"].seconds / cells[name, "ours"].seconds
        found = [_cell(cells[name, variant]) for variant in BESIDE]
        rows.append([SIZES[name].label, *found, f"{ratio:.1f}×", SIZES[name].published or "–"])
    return _markdown(["ViT, crop, batch", *BESIDE, "plain / ours", "published, on another machine"], rows)


def _options_table(names: list[str], cells: dict[tuple[str, str], Measurement]) -> list[str]:
    """Return a row a size: our step, with its settings changed one by one."""
    rows = [[SIZES[name].label, *(_cell(cells[name, variant]) for variant in OURS)] for name in names]
    return _markdown(["ViT, crop, batch", *OURS], rows)


def _cell(found: Measurement) -> str:
    share = "" if found.matrix_share is None else f", {100 * found.matrix_share:.0f} %"
    time = f"{found.seconds:.2f} s" if found.seconds >= 1.0 else f"{1000 * found.seconds:.0f} ms"
    return f"{time}, {found.gigabytes:.1f} GB{share}"


def _markdown(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]


if __name__ == "__main__":
    typer.run(main)
