"""Time and peak memory of a training step with every loss on: our step and the plain one of `tests.plain`.

`python -m benchmarks.training` prints Markdown tables. Weights are random, images synthetic, and loading is left out.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.measuring import OURS, PLAIN, Measurement, device_name, in_process, peak_flops
from benchmarks.records import write_record
from benchmarks.sizes import SIZES
from seco.compute.device import multiplies_bf16, pick_device
from seco.storage.atomic import atomic_write_text

Cells = dict[tuple[str, str], Measurement]
"""By size and variant."""


def main(
    sizes: Annotated[str, typer.Option(help=f"Sizes, with commas: {', '.join(SIZES)}.")] = ",".join(SIZES),
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after one to warm up.")] = 3,
    options: Annotated[bool, typer.Option("--options", help="Our step in fp32, checkpointed, compiled too.")] = False,
    output: Annotated[Path | None, typer.Option(help="File to write the tables to as well.")] = None,
    record: Annotated[Path | None, typer.Option(help="JSON file for `benchmarks.compare`.")] = None,
) -> None:
    """Measure training steps and print the tables."""
    names, device = sizes.split(","), pick_device()
    unknown = [name for name in names if name not in SIZES]
    if unknown:
        raise typer.BadParameter(f"unknown size {unknown[0]!r}: choose among {', '.join(SIZES)}")
    half = multiplies_bf16(device)
    beside = [*(name for name, changes in PLAIN.items() if half or not changes.get("bf16")), "ours"]
    variants = [*beside, *(name for name in OURS if name not in beside)] if options else beside
    cells = {(name, variant): _measured(name, variant, steps) for name in names for variant in variants}
    peak = peak_flops(device, half=half)
    lines = [
        f"A training step on {device_name(device)}, torch {torch.__version__}: median of {steps} after one to "
        "warm up, peak memory, and the share of matrix products (attention and convolutions among them).",
        "",
        *_table(names, beside, cells),
        "",
        f"The fastest large matrix product reaches {peak / 1e9:.0f} GFLOP/s in {'bf16' if half else 'fp32'}.",
        "",
        *_work_table(names, cells, peak),
        *(["", *_options_table(names, cells), "", *_kinds_table(cells)] if options else []),
    ]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if output is not None:
        atomic_write_text(output, text)
    if record is not None:
        write_record(record, {f"{name}, {variant}": found.seconds for (name, variant), found in cells.items()})


def _measured(size: str, variant: str, steps: int) -> Measurement:
    return Measurement(**in_process("benchmarks.measuring", size, variant, "--steps", str(steps)))


def _table(names: list[str], beside: list[str], cells: Cells) -> list[str]:
    """Return a row a size: the plain step, the same with bf16 where the hardware has it, ours, and the published."""
    rows = []
    for name in names:
        ratio = cells[name, "plain"].median / cells[name, "ours"].median
        found = [_cell(cells[name, variant]) for variant in beside]
        rows.append([SIZES[name].label, *found, f"{ratio:.1f}×", SIZES[name].published or "–"])
    return _markdown(["ViT, crop, batch", *beside, "plain / ours", "published, on another machine"], rows)


def _work_table(names: list[str], cells: Cells, peak: float) -> list[str]:
    """Return a row a size: what our step computes, and how close its matrix products come to the fastest one."""
    rows = []
    for name in names:
        found = cells[name, "ours"]
        assert found.flops is not None, "measured for ours"
        assert found.matrix_seconds is not None, "measured for ours"
        assert found.matrix_share is not None, "measured for ours"
        reached = found.flops / found.matrix_seconds / peak
        share = f"{100 * (1 - found.matrix_share):.0f} %"
        rows.append(
            [SIZES[name].label, f"{found.flops / 1e9:.0f}", str(found.kernels), f"{100 * reached:.0f} %", share]
        )
    heads = ["ours", "GFLOP", "operations", "speed of matrix products, of the fastest", "time of all others"]
    return _markdown(heads, rows)


def _options_table(names: list[str], cells: Cells) -> list[str]:
    """Return a row a size: our step, with its settings changed one by one."""
    rows = [[SIZES[name].label, *(_cell(cells[name, variant]) for variant in OURS)] for name in names]
    return _markdown(["ViT, crop, batch", *OURS], rows)


def _kinds_table(cells: Cells) -> list[str]:
    """Return a row a size and variant: the share of its time in each kind of operation, under the profiler."""
    profiled = {name: found.kinds for name, found in cells.items() if found.kinds is not None}
    heads = [*next(iter(profiled.values()))]
    rows = [
        [f"{SIZES[name].label}, {variant}", *(f"{100 * kinds[head] / sum(kinds.values()):.0f} %" for head in heads)]
        for (name, variant), kinds in profiled.items()
    ]
    return _markdown(["share of the time", *heads], rows)


def _cell(found: Measurement) -> str:
    share = "" if found.matrix_share is None else f", {100 * found.matrix_share:.0f} %"
    time = f"{found.median:.2f} s" if found.median >= 1.0 else f"{1000 * found.median:.0f} ms"
    return f"{time}, {found.gigabytes:.1f} GB{share}"


def _markdown(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]


if __name__ == "__main__":
    typer.run(main)
