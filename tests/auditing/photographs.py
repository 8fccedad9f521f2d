"""Photographs of noise in several sizes, and their manifest."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from seco.storage.csv_file import write_csv
from seco.storage.fingerprint import DIGESTS_COLUMNS, DIGESTS_FILE
from seco.storage.manifest import Manifest, Record

NAMES = ("boat", "water", "car")


def noise(seed: int, *, side: int = 96) -> Image.Image:
    """Return a picture with structure of every size, which no other seed resembles."""
    rng = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(rng.integers(256, size=(grid, grid, 3), dtype=np.uint8)).resize((side, side)), np.float64
        )
        for grid in (3, 6, 12, 24)
    ]
    return Image.fromarray(np.mean(layers, axis=0).astype(np.uint8))


def record(name: str, folder: Path = Path(), *, labels: tuple[str, ...] = ("boat",), split: str = "train") -> Record:
    return Record(name, folder / f"{name}.png", None, labels, split, 96, 96)


def write_photographs(folder: Path, images: Mapping[str, Image.Image], **splits: str) -> Manifest:
    """Save images as PNG files with digests of their names; `splits`: that of an image which is not of `train`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        image.save(folder / f"{name}.png")
    digests = [(name, f"digest-of-{name}", "", "") for name in images]
    write_csv(folder / DIGESTS_FILE, digests, columns=DIGESTS_COLUMNS)
    return Manifest(tuple(record(name, folder, split=splits.get(name, "train")) for name in images), NAMES)
