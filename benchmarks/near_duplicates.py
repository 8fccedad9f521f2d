"""Which copies of photographs `seco audit` finds, how near different photographs come, and how long comparing takes.

    python -m benchmarks.near_duplicates data/raw/photographs

Every photograph is copied with each of some edits; a copy is found where its hash differs from that of the photograph,
mirrored or not, in no more bits than near-duplicates may. The nearest pairs of different photographs are printed for
you to look at.
"""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image, ImageEnhance, ImageOps

from seco.auditing.hashes import BITS, Hashes, as_bits, hash_image
from seco.auditing.near_duplicates import MOST_DIFFERENT, distances, near_duplicates
from seco.errors import SecoError
from seco.runtime.parallel import thread_map
from seco.storage.images import read_image
from seco.storage.manifest import Record

THRESHOLDS = (32, 48, MOST_DIFFERENT, 72, 80)
MANY = 10_000  # hashes that are compared for the time


def shrunk(image: Image.Image, factor: float) -> Image.Image:
    """Return an image with its sides multiplied by a factor."""
    return image.resize((max(round(image.width * factor), 1), max(round(image.height * factor), 1)))


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """Return an image after JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def cropped(image: Image.Image, left: float, others: float) -> Image.Image:
    """Return an image without a share of its width at the left, and without a share at the other three sides."""
    width, height = image.size
    box = (left * width, others * height, (1 - others) * width, (1 - others) * height)
    return image.crop(tuple(map(round, box)))  # pyright: ignore[reportArgumentType]


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: shrunk(image, 0.5),
    "a quarter of the size": lambda image: shrunk(image, 0.25),
    "JPEG quality 50": lambda image: compressed(image, 50),
    "JPEG quality 20": lambda image: compressed(image, 20),
    "brightness 1.2": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "mirrored, half the size, JPEG 50": lambda image: compressed(shrunk(ImageOps.mirror(image), 0.5), 50),
    "1 % off each side": lambda image: cropped(image, 0.01, 0.01),
    "2 % off each side": lambda image: cropped(image, 0.02, 0.02),
    "5 % off one side": lambda image: cropped(image, 0.05, 0.0),
    "5 % off each side": lambda image: cropped(image, 0.05, 0.05),
}


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs.")],
    nearest: Annotated[int, typer.Option(min=1, help="Pairs of different photographs to print.")] = 5,
) -> None:
    """Print a Markdown table, the nearest pairs, and the time of comparing 10 000 hashes."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    try:
        if len(files) < 2:
            raise SecoError(f"{folder} holds fewer than two photographs: name another folder")
        made = list(thread_map(_hashes_of, files))
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault
    photographs, *copies = (as_bits([row[column] for row in made]) for column in range(1 + len(EDITS)))
    print(f"| copy | median distance | {' | '.join(f'found at {limit}' for limit in THRESHOLDS)} |")
    print(f"|---|--:|{'--:|' * len(THRESHOLDS)}")
    for name, copy in zip(EDITS, copies, strict=True):
        away = np.minimum(*((photographs.plain != side).sum(axis=1) for side in copy))
        found = " | ".join(f"{100 * (away <= limit).mean():.1f} %" for limit in THRESHOLDS)
        print(f"| {name} | {np.median(away):.0f} | {found} |")
    _print_nearest(files, photographs, nearest)
    _print_time()


def _hashes_of(file: Path) -> list[tuple[str, str]]:
    image = read_image(file)
    return [hash_image(image), *(hash_image(edit(image)) for edit in EDITS.values())]


def _print_nearest(files: list[Path], photographs: Hashes, count: int) -> None:
    """Print the pairs of different photographs whose hashes differ least; all pairs are in memory."""
    away = np.minimum(*(distances(photographs.plain, side) for side in photographs))
    away[np.tril_indices(len(files))] = BITS
    print(f"\n{len(files)} photographs; the nearest pairs of different ones:\n")
    for index in np.argsort(away, axis=None, kind="stable")[:count].tolist():
        first, second = divmod(index, len(files))
        print(f"- {away[first, second]} bits: {files[first].name}, {files[second].name}")


def _print_time() -> None:
    rng = np.random.default_rng(0)
    hashes = Hashes(*(rng.random((MANY, BITS)) < 0.5 for _ in range(2)))
    records = [Record(str(number), Path(), None, (), "train", 1, 1) for number in range(MANY)]
    clock = time.perf_counter()
    near_duplicates(records, hashes)
    print(f"\n{MANY:,} hashes compared with each other: {time.perf_counter() - clock:.1f} s")


if __name__ == "__main__":
    typer.run(main)
