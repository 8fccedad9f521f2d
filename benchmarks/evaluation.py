"""Speed and memory of comparing masks with the truth.

`python -m benchmarks.evaluation` prints two tables: the parts of the work on one core, side by side with other
libraries, and the evaluation of many images from disk. `--images` makes it smaller.

The masks are synthetic, of VOC's size: areas of some classes with ignored pixels between them, and a prediction that
is moved and partly wrong. The many images on disk are hard links to 100 of them.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from scipy.ndimage import distance_transform_edt
from torchmetrics.functional.classification import multiclass_confusion_matrix

from seco.reporting.measurements import MaskSource, Measurement
from seco.scores.boundary import TOLERANCE, boundary_scores
from seco.scores.calibration import count_levels
from seco.scores.confusion import ConfusionMatrix
from seco.scores.counts_file import COUNTS_FILE, write_counts
from seco.scores.evaluation import evaluate_masks
from seco.storage.confidence import LEVELS, write_confidence
from seco.storage.manifest import Record
from seco.storage.masks import MaskArray, mask_path, read_mask, write_mask

_TEMPLATES = 100
_WIDTH, _HEIGHT = 500, 375
_REPEATS = 3  # the fastest counts


def main(
    images: Annotated[int, typer.Option(help="Images on disk.")] = 40_000,
    classes: Annotated[int, typer.Option(help="Foreground classes.")] = 80,
) -> None:
    """Measure the parts and the whole, and print two Markdown tables."""
    torch.set_num_threads(1)
    pairs = [make_pair(classes, np.random.default_rng(seed)) for seed in range(_TEMPLATES)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _measure_parts(folder, pairs, classes)
        _measure_whole(folder, pairs, classes, images)


def _measure_parts(folder: Path, pairs: list[tuple[MaskArray, MaskArray]], classes: int) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, LEVELS, (_HEIGHT, _WIDTH), dtype=np.uint8)
    for number, (truth, _) in enumerate(pairs):
        write_mask(mask_path(folder / "decoded", str(number)), truth)
    files = sorted((folder / "decoded").iterdir())
    parts: dict[str, Callable[[int], object]] = {
        "decode a mask": lambda number: read_mask(files[number], num_classes=classes, size=(_WIDTH, _HEIGHT)),
        "count pixels": lambda number: ConfusionMatrix(classes).update(*pairs[number]),
        "count pixels, torchmetrics": lambda number: multiclass_confusion_matrix(
            *(torch.from_numpy(mask) for mask in pairs[number][::-1]), num_classes=classes + 1, ignore_index=255
        ),
        "boundary F-score": lambda number: boundary_scores(*pairs[number], num_classes=classes),
        "boundary F-score, distance transforms of scipy": lambda number: _by_distance(*pairs[number]),
        "count levels of confidence": lambda number: count_levels(*pairs[number], levels),
    }
    print("| on one core | images a second of its time |\n|---|--:|")
    for title, work in parts.items():
        print(f"| {title} | {_rate(work):.0f} |", flush=True)
    print()


def _measure_whole(folder: Path, pairs: list[tuple[MaskArray, MaskArray]], classes: int, images: int) -> None:
    records = put_on_disk(folder, pairs, images)
    names = [f"class {number}" for number in range(1, classes + 1)]
    before = _peak()
    start, used = time.perf_counter(), time.process_time()
    evaluation = evaluate_masks(
        records, folder / "masks", class_names=names, stage="predict", contexts={}, confidence=folder / "confidence"
    )["val"]
    seconds, of_cores = time.perf_counter() - start, time.process_time() - used
    counted = _peak()
    start = time.perf_counter()
    item = Measurement(MaskSource("segmentation", "crf", folder, "predict", ("val",)), "val", evaluation)
    interval = item.intervals["miou"]
    resampled = time.perf_counter() - start
    write_counts(folder / COUNTS_FILE, {item.counts_key: evaluation.by_image}, data="synthetic", class_names=names)
    size = (folder / COUNTS_FILE).stat().st_size / 1e6
    print("| images | seconds | images a core and second | memory grew by | intervals | counts.npz |")
    print("|--:|--:|--:|--:|--:|--:|")
    grown = f"{counted - before:.0f} MB, {_peak() - before:.0f} MB with intervals"
    print(f"| {images} | {seconds:.0f} | {images / of_cores:.0f} | {grown} | {resampled:.1f} s | {size:.1f} MB |")
    print(f"\nmIoU {interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})")


def make_pair(classes: int, rng: np.random.Generator) -> tuple[MaskArray, MaskArray]:
    """Return a true mask with three classes, and a prediction of it."""
    shown = rng.choice(np.arange(1, classes + 1), 4, replace=False)
    coarse = rng.choice([0, 255, *shown[:3]], (12, 16), p=(0.55, 0.06, 0.13, 0.13, 0.13)).astype(np.uint8)
    truth = np.array(Image.fromarray(coarse).resize((_WIDTH, _HEIGHT), Image.Resampling.NEAREST))
    known = np.where(coarse == 255, 0, coarse)
    wrong = np.where(rng.random(coarse.shape) < 0.2, shown[3], known).astype(np.uint8)
    guess = np.array(Image.fromarray(wrong).resize((_WIDTH, _HEIGHT), Image.Resampling.NEAREST))
    return truth, np.roll(guess, rng.integers(-8, 9, 2).tolist(), axis=(0, 1))


def put_on_disk(folder: Path, pairs: list[tuple[MaskArray, MaskArray]], count: int) -> list[Record]:
    """Write the masks and a confidence of each, link them under as many ids, and return these images."""
    rng = np.random.default_rng(0)
    for number, (truth, guess) in enumerate(pairs):
        write_mask(mask_path(folder / "truth", str(number)), truth)
        write_mask(mask_path(folder / "masks", str(number)), guess)
        coarse = rng.random((12, 16)).astype(np.float32)
        smooth = np.asarray(Image.fromarray(coarse).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC))
        write_confidence(mask_path(folder / "confidence", str(number)), smooth.clip(0, 1), size=(_HEIGHT, _WIDTH))
    for number in range(len(pairs), count):
        for kind in ("truth", "masks", "confidence"):
            os.link(mask_path(folder / kind, str(number % len(pairs))), mask_path(folder / kind, str(number)))
    masks = (mask_path(folder / "truth", str(number)) for number in range(count))
    return [Record(mask.stem, mask, mask, (), "val", _WIDTH, _HEIGHT) for mask in masks]


def _by_distance(truth: MaskArray, guess: MaskArray) -> None:
    """Do what `boundary_scores` does with two distance transforms a class, the usual way."""
    radius = TOLERANCE * np.hypot(*truth.shape)
    guess = np.where(truth == 255, 255, guess)
    for class_id in set(np.unique(truth)) & set(np.unique(guess)) - {255}:
        outlines = []
        for mask in (truth, guess):
            area = np.pad(mask == class_id, 1, mode="edge")
            inner = area[:-2, 1:-1] & area[2:, 1:-1] & area[1:-1, :-2] & area[1:-1, 2:]
            outlines.append(area[1:-1, 1:-1] & ~inner)
        for one, other in (outlines, outlines[::-1]):
            (np.asarray(distance_transform_edt(~other))[one] <= radius).sum()


def _rate(work: Callable[[int], object]) -> float:
    fastest = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        for number in range(_TEMPLATES):
            work(number)
        fastest = min(fastest, time.process_time() - start)
    return _TEMPLATES / fastest


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    typer.run(main)
