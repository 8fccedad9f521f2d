"""How many images a second the training loader prepares: decodes, and cuts into the three views.

    python -m benchmarks.loading --images data/raw/voc2012/JPEGImages

The published loader prepares 34 images a second on one core of the machine on which the first table was measured.
"""

import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.measuring import device_name
from seco.storage.manifest import Record
from seco.training.loading import SampleStream, TrainingSet, training_batches
from seco.training.views import ViewMaker

BATCH = 4


def main(
    images: Annotated[Path, typer.Option(help="Folder of photographs (JPEG).")],
    crop: Annotated[int, typer.Option(help="Side of the training crop in pixels.")] = 448,
    second: Annotated[int, typer.Option(help="Side of the second view in pixels.")] = 224,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long to measure for each row.")] = 20.0,
) -> None:
    """Print a Markdown table of the images a second with 0, 1 and 2 worker processes."""
    torch.set_num_threads(1)
    records = [Record(path.stem, path, None, ("photograph",), "train", 0, 0) for path in sorted(images.glob("*.jpg"))]
    if not records:
        raise typer.BadParameter(f"{images} holds no .jpg")
    print(f"Loading on {device_name(torch.device('cpu'))}, torch {torch.__version__}.\n")
    print(f"| worker processes | images a second ({crop} pixels, three views) | of these, a worker |\n|--:|--:|--:|")
    for workers in (0, 1, 2):
        rate = images_a_second(records, crop=crop, second=second, workers=workers, seconds=seconds)
        print(f"| {workers} | {rate:.0f} | {rate / max(workers, 1):.0f} |", flush=True)


def images_a_second(records: list[Record], *, crop: int, second: int, workers: int, seconds: float) -> float:
    """Return the rate at which batches are loaded, after ten to warm up."""
    views = ViewMaker(crop_size=crop, second_size=second, scale_range=(0.5, 2.0), wanted=("strong", "second"))
    dataset = TrainingSet(records, ("photograph",), views, num_draws=10, seed=0)
    stream = SampleStream(len(records), batch_size=BATCH, share=range(BATCH), seed=0, first_step=0, last_step=1_000_000)
    batches = training_batches(dataset, stream, num_workers=workers)
    for _ in range(10):
        next(batches)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        count += len(next(batches).ids)
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    typer.run(main)
