"""Seconds and peak memory of a training step with every loss on: `python -m benchmarks.training`.

Run `dvc repro prepare` first. Loading is left out: the same batch is used again and again.
"""

import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from seco.config import load_settings
from seco.storage.manifest import read_manifest
from seco.training.inputs import to_device
from seco.training.trainer import Trainer


def main(
    params: Annotated[Path, typer.Option(help="Settings file.")] = Path("params.yaml"),
    data: Annotated[Path, typer.Option(help="Prepared data.")] = Path("data/prepared"),
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after two to warm up.")] = 10,
) -> None:
    """Print a row of a Markdown table."""
    settings = load_settings(params)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(settings, read_manifest(data), resume_folder=Path(folder) / "run")
    training = settings.training
    # From here on every phase has begun.
    trainer.state.step = max(training.contrast_start, training.segmentation_start, training.prototype_start)
    inputs = to_device(next(trainer.batches()), trainer.device)
    seconds = []
    for _ in range(steps + 2):
        start = time.perf_counter()
        trainer.update(inputs, trainer.step(inputs))
        if trainer.device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    median = sorted(seconds[2:])[steps // 2]
    print("| backbone | crop | batch | device | precision | s a step (median) | peak memory |")
    print("|---|---|---|---|---|---|---|")
    cells = (
        f"{settings.backbone.name}, {settings.backbone.depth or 'all'} blocks",
        training.crop_size,
        training.batch_size,
        _device(trainer.device),
        training.precision,
        f"{median:.2f}",
        f"{_peak(trainer.device):.1f} GB",
    )
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"


def _peak(device: torch.device) -> float:
    """Return the peak memory in GB: the GPU's own, or that of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    typer.run(main)
