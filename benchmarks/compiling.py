"""Ways to compile the encoder, beside the eager step: time of a step, and until the first has ended, which compiles.

    python -m benchmarks.compiling --size s16-224 --precision fp32

`train.compile` does the second, dynamic shapes. Each way runs in a process of its own, with an empty cache.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import torch
import typer
from torch.nn import functional as F

from benchmarks.measuring import device_name, in_process, our_step, start_run, timed
from benchmarks.sizes import SIZES
from seco.compute.device import pick_device
from seco.models import attention
from seco.models.encoder import Encoder
from seco.runtime.memory import keep_freed_memory

SHAPES = 64  # programs of one function: one for each image size, with and without gradient


def blocks(encoder: Encoder, *, parts: tuple[str, ...] = (), **options: Any) -> None:
    """Compile the blocks, or some parts of each, with options of torch.compile."""
    for block in encoder.vit.blocks:
        for module in [getattr(block, part) for part in parts] or [block]:
            module.compile(**options)


def own_attention() -> None:
    """Let compiled code, too, multiply all heads at once where there are few tokens."""
    fused = F.scaled_dot_product_attention

    def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        short = query.shape[2] <= attention.SHORT
        return attention.attend_at_once(query, key, value) if short else fused(query, key, value)

    attention.attend = attend


def eager_attention() -> None:
    """Leave attention as it is, between two compiled halves of a block."""
    attention.attend = torch.compiler.disable(attention.attend)


WAYS: dict[str, tuple[Callable[..., None] | None, Callable[[], None]]] = {
    "eager": (None, lambda: None),
    "dynamic shapes": (partial(blocks, dynamic=True), lambda: None),
    "static shapes": (partial(blocks, dynamic=False), lambda: None),
    "static shapes, own attention": (partial(blocks, dynamic=False), own_attention),
    "dynamic shapes, attention eager": (partial(blocks, dynamic=True), eager_attention),
    "MLP and norms alone": (partial(blocks, dynamic=True, parts=("mlp", "norm1", "norm2")), lambda: None),
    "dynamic shapes, max-autotune": (partial(blocks, dynamic=True, mode="max-autotune-no-cudagraphs"), lambda: None),
}
"""How an encoder is compiled, and what is changed before."""


def main(
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "s16-224",
    precision: Annotated[str, typer.Option(help="fp32 or bf16.")] = "bf16",
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure.")] = 4,
    ways: Annotated[str, typer.Option(help="Which, with semicolons.")] = ";".join(WAYS),
    only: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Print a Markdown table with a row for each way."""
    if only:
        print(json.dumps(first_and_later(size, precision, steps, only)))
        return
    print(f"{SIZES[size].label}, {precision}, {device_name(pick_device())}, torch {torch.__version__}.\n")
    print("| encoder | first step, s | a step, s | eager / this |\n|---|--:|--:|--:|")
    eager = None
    for way in ways.split(";"):
        words = ["--size", size, "--precision", precision, "--steps", str(steps), "--only", way]
        first, later = in_process("benchmarks.compiling", *words)
        eager = eager or later
        print(f"| {way} | {first:.1f} | {later:.3f} | {eager / later:.2f} |", flush=True)


def first_and_later(size: str, precision: str, steps: int, way: str) -> tuple[float, float]:
    """Return the seconds until the first step has ended, and the least of the later ones."""
    compile_encoder, prepare = WAYS[way]
    prepare()
    changes = {"train.precision": precision, "train.compile": compile_encoder is not None}
    if compile_encoder is not None:
        torch._dynamo.config.recompile_limit = SHAPES
        Encoder.set_compiled = lambda self, compiled: compile_encoder(self)  # noqa: ARG005
    keep_freed_memory()  # as `train` does
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        start = time.perf_counter()
        trainer, inputs = start_run(SIZES[size], **changes)
        step = partial(our_step(trainer), inputs)
        timed(step, trainer.device)
        first = time.perf_counter() - start
        step()
        return first, min(timed(step, trainer.device) for _ in range(steps))


if __name__ == "__main__":
    typer.run(main)
