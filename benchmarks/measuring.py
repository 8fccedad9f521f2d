"""Measures one variant of the training step: `python -m benchmarks.measuring SIZE VARIANT` prints a line of JSON.

`benchmarks.training` starts one process for each variant, so that it can read the peak memory of each.
"""

import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch
import typer
from torch.nn import functional as F

from benchmarks.counts import count_work
from benchmarks.sizes import SIZES, Size, settings_of
from benchmarks.synthetic import one_or_two_classes, synthetic_batch
from seco.data.class_sets import VOC
from seco.runtime.memory import keep_freed_memory
from seco.runtime.profiler import ATTENTION, CONVOLUTIONS, MATRICES, profile_steps
from seco.storage.manifest import Manifest
from seco.training.crop_pass import Inputs, to_device
from seco.training.methods import Models
from seco.training.trainer import Trainer
from tests.plain.step import PlainObjective
from tests.plain.update import PlainUpdate
from tests.tiny import memory_of

Step = Callable[[Inputs], None]

PLAIN = {"plain": {}, "plain + fused attention + bf16": {"fused_attention": True, "bf16": True}}
OURS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, fp32": {"train.precision": "fp32"},
    "ours, checkpointed": {"train.activation_checkpointing": True},
    "ours, compiled": {"train.compile": True},
}


class Measurement(NamedTuple):
    """Time and memory of a step. The last three are None for the plain steps, which take minutes on a CPU.

    On a GPU the plain steps have the first of the three.
    """

    seconds: list[float]
    """Of each step."""
    gigabytes: float
    """Peak memory of the GPU; of the process where there is no GPU."""
    kinds: dict[str, float] | None = None
    """Seconds in each kind of operation, as `seco.runtime.profiler` names them, of a step under the profiler."""
    flops: int | None = None
    """Of matrix products, attention and convolutions."""
    kernels: int | None = None
    """Operations that compute something."""

    @property
    def median(self) -> float:
        """The median of the seconds."""
        return statistics.median(self.seconds)

    @property
    def matrix_seconds(self) -> float | None:
        """Seconds in matrix products, attention and convolutions."""
        return None if self.kinds is None else sum(self.kinds[kind] for kind in (MATRICES, ATTENTION, CONVOLUTIONS))

    @property
    def matrix_share(self) -> float | None:
        """Their share of a step's time without the profiler, which slows down what lies between them."""
        return None if self.matrix_seconds is None else self.matrix_seconds / self.median


def main(
    size: Annotated[str, typer.Argument(help=f"One of {', '.join(SIZES)}.")],
    variant: Annotated[str, typer.Argument(help=f"One of {', '.join([*PLAIN, *OURS])}.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after one to warm up.")] = 3,
) -> None:
    """Measure a variant of the step at a size."""
    print(json.dumps(measure(SIZES[size], variant, steps=steps)._asdict()))


def measure(size: Size, variant: str, *, steps: int) -> Measurement:
    """Measure steps with random weights, full memories and synthetic images; loading is left out."""
    if variant in OURS:
        keep_freed_memory()  # as `train` does
    trainer, inputs = start_run(size, **OURS.get(variant, {}))
    step = _plain_step(trainer, **PLAIN[variant]) if variant in PLAIN else our_step(trainer)
    seconds = [timed(lambda: step(inputs), trainer.device) for _ in range(steps + 1)]
    found = Measurement(seconds[1:], _peak(trainer.device))  # before the profiler needs memory
    if variant in PLAIN and trainer.device.type == "cpu":
        return found
    found = found._replace(kinds=profile_steps(lambda: step(inputs), steps=1, device=trainer.device).kinds())
    if variant in PLAIN:
        return found
    work = count_work(lambda: step(inputs))
    return found._replace(flops=work.flops, kernels=work.kernels)


def start_run(size: Size, **changes: Any) -> tuple[Trainer, Inputs]:
    """Return a run with random weights and full memories, and a synthetic batch; ``changes`` as of `settings_of`."""
    settings = settings_of(size, **changes)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(settings, Manifest((), VOC), resume_folder=Path(folder) / "run")
    _fill(trainer.state.models)
    labels = one_or_two_classes(settings.train.batch_size, len(VOC))
    return trainer, to_device(synthetic_batch(settings, labels), trainer.device)


def in_process(module: str, *arguments: str) -> Any:
    """Run a module of the benchmarks in a process of its own; return the JSON in the last line that it prints."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def peak_flops(device: torch.device, *, half: bool) -> float:
    """Return the floating-point operations a second of the fastest of several large matrix products.

    Args:
        device: where.
        half: in bfloat16, not in float32.
    """
    side = 8192 if device.type == "cuda" else 2048
    left, right = torch.randn(2, side, side, device=device, dtype=torch.bfloat16 if half else torch.float32).unbind()
    seconds = min(timed(lambda: left @ right, device) for _ in range(12))
    return 2 * side**3 / seconds


def device_name(device: torch.device) -> str:
    """Name the GPU, or the processor with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {torch.get_num_threads()} threads"


def our_step(trainer: Trainer) -> Step:
    """Return a step of a run."""

    def step(inputs: Inputs) -> None:
        trainer.update(trainer.step(inputs))

    return step


def _plain_step(trainer: Trainer, **options: bool) -> Step:
    models, settings = trainer.state.models, trainer.settings
    objective, update = PlainObjective(models, settings, **options), PlainUpdate(models, settings)

    def step(inputs: Inputs) -> None:
        update(inputs, objective(inputs, tags_from_auxiliary=True), rate_factor=1.0)

    return step


def _fill(models: Models) -> None:
    """Fill prototypes and reservoir with random unit vectors: empty memories would cost less than full ones."""
    generator = torch.Generator().manual_seed(0)
    memory = memory_of(models)
    vectors, reservoir = memory.prototypes.vectors, memory.reservoir
    vectors.copy_(F.normalize(torch.randn(vectors.shape, generator=generator), dim=1))
    keys = F.normalize(torch.randn(reservoir.keys.shape, generator=generator), dim=1)
    tags = torch.randint(-1, len(vectors) + 1, reservoir.tags.shape, generator=generator)
    reservoir.enqueue(keys.to(vectors.device), tags.to(vectors.device))


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of a piece of work, until the device has ended it."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _processor() -> str:
    """Return the processor's name as Linux reports it, elsewhere its architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    typer.run(main)
