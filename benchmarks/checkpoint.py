"""What saving checkpoints costs a training run: `python -m benchmarks.checkpoint` prints a Markdown table.

The state is that of a run with random weights: network, local teacher, memories and AdamW's moments. Training waits
while the state is copied; a thread then writes it, and takes the time of one core, checksum included.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from benchmarks.measuring import device_name
from benchmarks.sizes import SIZES, settings_of
from seco.compute.device import pick_device
from seco.data.class_sets import VOC
from seco.training.checkpoint import write_checkpoint
from seco.training.checkpoint_writer import CheckpointWriter
from seco.training.methods import build_models
from seco.training.optimizer import build_optimizer

_HEADS = ("ViT", "state", "written at once", "training waits, first save", "then", "until on disk", "processor time")


def main(
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "b16-448",
    saves: Annotated[int, typer.Option(min=2, help="Checkpoints to write; the table shows the median.")] = 5,
    folder: Annotated[Path, typer.Option(help="Folder in which to write a temporary one.", file_okay=False)] = Path(),
) -> None:
    """Measure how long training waits for a checkpoint, and print a table of one row."""
    device = pick_device()
    state = _state(size, device)
    gigabytes = sum(tensor.nbytes for tensor in _tensors(state)) / 1e9
    with tempfile.TemporaryDirectory(dir=folder) as place:
        seconds = _measure(state, Path(place), device, saves)
    print(f"Saving a run on {device_name(device)}, torch {torch.__version__}: median of {saves}.\n")
    cells = (SIZES[size].label.partition(",")[0], f"{gigabytes:.2f} GB", *(f"{value:.2f} s" for value in seconds))
    for row in (_HEADS, ["---"] * len(_HEADS), cells):
        print(f"| {' | '.join(row)} |")


def _state(size: str, device: torch.device) -> dict[str, Any]:
    settings = settings_of(SIZES[size])
    models = build_models(settings, num_classes=len(VOC), device=device)
    optimizer = build_optimizer(models.network, learning_rate=1e-4, head_multiplier=1.0, weight_decay=0.01)
    for weight in models.network.parameters():
        weight.grad = torch.randn_like(weight)
    optimizer.step()
    return {
        "models": {name: module.state_dict() for name, module in models.modules().items()},
        "optimizer": optimizer.state_dict(),
    }


def _measure(state: dict[str, Any], folder: Path, device: torch.device, saves: int) -> list[float]:
    """Return the seconds of the table's columns."""
    writer = CheckpointWriter(folder, sound=None)

    def save(step: int) -> None:
        writer.save(state, step=step)
        if device.type == "cuda":  # the next step waits for the copies, though the host does not
            torch.cuda.synchronize()

    at_once = [_timed(lambda: write_checkpoint(folder, state, step=0)) for _ in range(saves)]
    waits, ends, efforts = [], [], []
    for step in range(1, saves + 2):
        start, effort = time.perf_counter(), time.process_time()
        waits.append(_timed(lambda step=step: save(step)))
        writer.flush()
        ends.append(time.perf_counter() - start)
        efforts.append(time.process_time() - effort)
    return [_median(at_once), waits[0], _median(waits[1:]), _median(ends[1:]), _median(efforts[1:])]


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


if __name__ == "__main__":
    typer.run(main)
