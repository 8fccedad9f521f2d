"""Memory of a large photograph: while it is decoded, and while a mask of its size is written.

    python -m benchmarks.large_photograph --width 20000 --height 15000

Each is measured in a process of its own, as the growth of its peak, in bytes a pixel.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from seco.storage.images import read_image
from seco.storage.masks import write_mask

Result = TypeVar("Result")
ORIENTATION, TURNED = 0x0112, 6  # of EXIF data: a quarter turn


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=20_000)
    parser.add_argument("--height", type=int, default=15_000)
    arguments = parser.parse_args()
    size = arguments.width, arguments.height
    with tempfile.TemporaryDirectory() as folder:
        for name in ("plain.jpg", "plain.png", "turned.jpg", "transparent.png"):
            path = Path(folder, name)
            in_new_process(draw, path, size)
            print(f"decode {name}: {in_new_process(decode, path):.1f} bytes a pixel", flush=True)
            path.unlink()
        written = in_new_process(write, Path(folder, "mask.png"), (size[1], size[0]))
        print(f"write a mask: {written:.1f} bytes a pixel")


def in_new_process(function: Callable[..., Result], *arguments: object) -> Result:
    """Return the function's result."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def draw(path: Path, size: tuple[int, int]) -> None:
    """Write a photograph that shows the same noise again and again."""
    mode = "RGBA" if path.stem == "transparent" else "RGB"
    noise = np.random.default_rng(0).integers(256, size=(500, 500, len(mode)), dtype=np.uint8)
    tile, image = Image.fromarray(noise), Image.new(mode, size)
    for left in range(0, size[0], 500):
        for top in range(0, size[1], 500):
            image.paste(tile, (left, top))
    exif = Image.Exif()
    if path.stem == "turned":
        exif[ORIENTATION] = TURNED
    image.save(path, exif=exif, compress_level=1)  # of PNGs


def decode(path: Path) -> float:
    """Return the bytes a pixel that decoding a photograph takes at most."""
    before = peak()
    image = read_image(path, most_pixels=10**10)
    return (peak() - before) / (image.width * image.height)


def write(path: Path, size: tuple[int, int]) -> float:
    """Return the bytes a pixel that it takes at most to write a mask that was made at a smaller size."""
    mask = np.random.default_rng(0).integers(9, size=(1000, 1000), dtype=np.uint8)
    before = peak()
    write_mask(path, mask, size=size)
    return (peak() - before) / (size[0] * size[1])


def peak() -> int:
    """Return the most memory in bytes that this process has had (Linux counts in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
